"""The end of a compile: parts to shards, rejects and a manifest, which comes last."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from agentdata import __version__
from agentdata.files import replacing, sha256_of, sync_directory
from agentdata.house import House
from agentdata.intake import Task
from agentdata.journal import Input, Parts, Plan
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
from agentdata.shards.schema import schema_of
from agentdata.shards.unique_ids import DUPLICATE_ID, UniqueIds
from agentdata.shards.writer import ShardWriter
from agentdata.templates.prompt import Kind


def commit(
    house: House,
    plan: Plan,
    tasks: Sequence[Task],
    directory: Path,
    parts: Parts,
    indices: Sequence[int],
) -> Manifest:
    """Make the finished directory of the parts of the tasks in `indices`, and return its manifest.

    Nothing but the parts is needed, so it can be begun again after any end. Raises OSError.
    """
    (directory / "data").mkdir()
    sources = _gathered(plan.inputs, tasks, parts, indices)
    rejects = _rejects(directory / REJECTS_NAME, parts, indices, sources)
    media = _media(house, sources)
    shards = _shards(house, directory / "data", parts, indices, sources, media is not None)
    manifest = Manifest(
        version=__version__,
        recipe=plan.recipe,
        fingerprints=plan.fingerprints,
        container=house.recipe.container,
        packed=house.recipe.pack is not None,
        vocab_size=house.encoder.tokenizer.vocab_size,
        media=media,
        shards=shards,
        sources=sources,
        rejects=rejects,
    )
    with replacing(directory / MANIFEST_NAME) as file:
        file.write(manifest.to_json())
    return manifest


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


def _media(house: House, sources: Sequence[SourceCounts]) -> MediaTokens | None:
    """How media stand in the rows, None where no row has any."""
    info = house.desk.info
    if info is None or not any(counts.tally.kinds[Kind.MEDIA.value] for counts in sources):
        return None
    return MediaTokens(
        family=info.family.name,
        token_ids=dict(info.ids),
        patches_per_token=info.family.sizing.patches_per_token,
    )


def _gathered(
    inputs: Sequence[Input], tasks: Sequence[Task], parts: Parts, indices: Sequence[int]
) -> list[SourceCounts]:
    """The counts of all tasks by source, added up in one order: sums of floats depend on it."""
    sources = {
        str(task.unit.path): SourceCounts(source=str(task.unit.path), formats={task.format: 1})
        for task in tasks
    }
    for index in indices:
        done = parts.done(index)
        if done is None:
            raise OSError(f"what task {index} wrote was changed by another process")
        gather(sources, done.counts)
    read = {item.path: item for item in inputs}
    for name, counts in sources.items():
        counts.bytes, counts.sha256 = read[name].bytes, read[name].sha256
    return list(sources.values())


def _rejects(
    path: Path, parts: Parts, indices: Sequence[int], sources: Sequence[SourceCounts]
) -> RejectsFile:
    with replacing(path) as file:
        for index in indices:
            with parts.rejects(index).open("rb") as part:
                shutil.copyfileobj(part, file)
    rows = sum(counts.rejected for counts in sources)
    return RejectsFile(rows=rows, bytes=path.stat().st_size, sha256=sha256_of(path))


def _shards(
    house: House,
    data: Path,
    parts: Parts,
    indices: Sequence[int],
    sources: Sequence[SourceCounts],
    media: bool,
) -> list[Shard]:
    recipe = house.recipe
    merged: Counter[str] = Counter()
    unique = UniqueIds()
    shards: list[Shard] = []
    for split in ("train", *recipe.split):
        schema = schema_of(packed=recipe.pack is not None, media=media)
        columns = schema_of(packed=False, media=media).names
        writer = ShardWriter(data, split, schema, recipe.container, recipe.shard_size)
        batches: Iterable[pa.RecordBatch] = unique.pass_through(
            batch.select(columns)
            for index in indices
            for batch in read_part(parts.part(index, split))
        )
        writer.write(packed(batches, recipe.pack, merged) if recipe.pack else batches)
        shards += writer.finish()
    sync_directory(data)
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
        if unique.renamed[counts.source]:
            counts.warnings[DUPLICATE_ID] = unique.renamed[counts.source]
    return shards
