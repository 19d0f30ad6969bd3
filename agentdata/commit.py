"""The end of a compile: parts to shards, rejects and a manifest, which comes last."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from agentdata import __version__
from agentdata.files import replacing, sha256_of, sync_directory
from agentdata.house import House
from agentdata.intake import Task
from agentdata.journal import Done, Input, Parts, Plan
from agentdata.recipe import Recipe
from agentdata.shards.manifest import (
    MANIFEST_NAME,
    REJECTS_NAME,
    Manifest,
    MediaTokens,
    RejectsFile,
    Shard,
    SourceCounts,
)
from agentdata.shards.packs import packed
from agentdata.shards.parts import read_part
from agentdata.shards.schema import schema_of, unlabelled
from agentdata.shards.unique_ids import DUPLICATE_ID, UniqueIds
from agentdata.shards.writer import ShardWriter
from agentdata.templates.prompt import Kind


def commit(
    house: House,
    plan: Plan,
    tasks: Sequence[Task],
    directory: Path,
    parts: Parts,
    results: Iterable[Done],
) -> Manifest:
    """Make the finished directory of the parts of tasks, whose `results` may still be coming, in
    the order of the tasks, and return its manifest.

    Nothing but the parts is needed, so it can be begun again after any end. Shards that an error
    leaves half written are gone. Raises OSError, and what `results` raises.
    """
    data = directory / "data"
    arrived = _Arrived(house, plan.inputs, tasks, parts, results)
    try:
        shards = _shards(house, data, arrived)
    except BaseException:
        shutil.rmtree(data, ignore_errors=True)
        raise
    manifest = Manifest(
        version=__version__,
        recipe=plan.recipe,
        fingerprints=plan.fingerprints,
        container=house.recipe.container,
        packed=house.recipe.pack is not None,
        vocab_size=house.encoder.tokenizer.vocab_size,
        media=_media(house) if arrived.media else None,
        shards=shards,
        sources=list(arrived.sources.values()),
        rejects=_rejects(directory / REJECTS_NAME, arrived),
    )
    with replacing(directory / MANIFEST_NAME) as file:
        file.write(manifest.to_json())
    return manifest


class _Arrived:
    """The results of tasks so far: their numbers, the sums of their counts by source, added up in
    one order, on which sums of floats depend, and whether any row has `media` other than as text.
    """

    def __init__(
        self,
        house: House,
        inputs: Sequence[Input],
        tasks: Sequence[Task],
        parts: Parts,
        results: Iterable[Done],
    ) -> None:
        self.parts = parts
        self.media = False
        self._may_hold_media = house.desk.info is not None
        self.sources: dict[str, SourceCounts] = {}
        self._results = iter(results)
        self._indices: list[int] = []
        read = {item.path: item for item in inputs}
        for task in tasks:
            name = str(task.unit.path)
            self.sources[name] = SourceCounts(
                source=name,
                bytes=read[name].bytes,
                sha256=read[name].sha256,
                formats={task.format: 1},
            )

    def __iter__(self) -> Iterator[int]:
        """The numbers of all tasks, whose parts are there; waits for those that are under way."""
        yield from self._indices
        for done in self._results:
            gather(self.sources, done.counts)
            found = done.counts.tally.kinds[Kind.MEDIA.value] > 0
            self.media |= found and self._may_hold_media
            self._indices.append(done.index)
            yield done.index


def gather(sources: dict[str, SourceCounts], part: SourceCounts) -> None:
    """Add the counts of a task to those of its source."""
    total = sources.setdefault(part.source, SourceCounts(source=part.source))
    for name in ("read", "written", "rejected", "merged", "split_off", "augmented"):
        setattr(total, name, getattr(total, name) + getattr(part, name))
    for name in ("filtered", "rejects", "warnings", "redacted", "turns"):
        getattr(total, name).update(getattr(part, name))
    if part.tools is not None:
        total.tool_counts().add(part.tools)
    total.formats |= part.formats
    total.tally.add(part.tally)


def _media(house: House) -> MediaTokens:
    """How media stand in the rows."""
    info = house.desk.info
    assert info is not None
    return MediaTokens(
        family=info.family.name,
        token_ids=dict(info.ids),
        patches_per_token=info.family.sizing.patches_per_token,
    )


def _rejects(path: Path, arrived: _Arrived) -> RejectsFile:
    with replacing(path) as file:
        for index in arrived:
            with arrived.parts.rejects(index).open("rb") as part:
                shutil.copyfileobj(part, file)
    rows = sum(counts.rejected for counts in arrived.sources.values())
    return RejectsFile(rows=rows, bytes=path.stat().st_size, sha256=sha256_of(path))


def _shards(house: House, data: Path, arrived: _Arrived) -> list[Shard]:
    """The shards of all splits."""
    while True:
        media = arrived.media
        data.mkdir()
        try:
            return _written(house.recipe, data, arrived, media=media)
        except _MediaFoundError:
            # Shards have the columns of media if any row has some, and one has come now.
            shutil.rmtree(data)


class _MediaFoundError(Exception):
    """There are media in rows, and shards without their columns were begun."""


def _written(recipe: Recipe, data: Path, arrived: _Arrived, *, media: bool) -> list[Shard]:
    """The shards of all splits, with the columns of media or without. Those of the first split
    are written while results come. Raises `_MediaFoundError` where the columns would be missing."""
    merged: Counter[str] = Counter()
    unique = UniqueIds()
    shards: list[Shard] = []
    schema = schema_of(packed=recipe.pack is not None, media=media)
    for split in ("train", *recipe.split):
        batches: Iterable[pa.RecordBatch] = unique.pass_through(
            _batches(arrived, split, media=media)
        )
        with ShardWriter(data, split, schema, recipe.container, recipe.shard_size) as writer:
            writer.write(packed(batches, recipe.pack, merged) if recipe.pack else batches)
            shards += writer.finish()
    sync_directory(data)
    _count(arrived.sources.values(), merged, unique.renamed)
    return shards


def _batches(arrived: _Arrived, split: str, *, media: bool) -> Iterator[pa.RecordBatch]:
    """The rows of a split, in the order of the tasks."""
    columns = unlabelled(schema_of(packed=False, media=media)).names
    for index in arrived:
        if arrived.media and not media:
            raise _MediaFoundError
        for batch in read_part(arrived.parts.part(index, split)):
            yield batch.select(columns)


def _count(sources: Iterable[SourceCounts], merged: Counter[str], renamed: Counter[str]) -> None:
    """Count what became of rows on their way to shards."""
    for counts in sources:
        # Pieces that `split` cut off and packing joined again leave no trace in the counts, nor do
        # rows that were made and packed behind others.
        rejoined = min(merged[counts.source], counts.split_off)
        counts.split_off -= rejoined
        joined = merged[counts.source] - rejoined
        packed_away = min(joined, counts.augmented)
        counts.augmented -= packed_away
        joined -= packed_away
        counts.merged += joined
        counts.written -= joined
        if renamed[counts.source]:
            counts.warnings[DUPLICATE_ID] = renamed[counts.source]
