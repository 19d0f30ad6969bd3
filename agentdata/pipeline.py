"""From a recipe to a compiled directory: plan the work, run it, commit the result."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa

from agentdata import __version__
from agentdata.errors import AgentDataError, UsageError
from agentdata.executors import local
from agentdata.house import House, open_house
from agentdata.intake import Task, plan_tasks, read_rows
from agentdata.recipe import Recipe
from agentdata.shards.manifest import (
    MANIFEST_NAME,
    REJECTS_NAME,
    Manifest,
    Shard,
    SourceCounts,
)
from agentdata.shards.packs import packed
from agentdata.shards.parts import read_part
from agentdata.shards.schema import COLUMNS, PACKED_COLUMNS
from agentdata.shards.writer import ShardWriter
from agentdata.work import (
    Done,
    measure_task,
    part_path,
    rejects_path,
    run_task,
)

Progress = Callable[[Done], None]


def compile_recipe(
    recipe: Recipe, out: str | Path, *, overwrite: bool = False, progress: Progress | None = None
) -> Manifest:
    """Compile the sources of a recipe into shards under `out`, and return the manifest.

    The directory counts as finished only once its manifest is there. Raises UsageError for a bad
    option, AgentDataError (`no_rows`, `exists`, `unwritable`, ...) where the run cannot go on.
    """
    directory = Path(out)
    house = open_house(recipe)
    tasks = plan_tasks(recipe.sources, recipe.format)
    parts = _prepare(directory, overwrite)
    try:
        sources = _run(house, tasks, parts, progress)
        manifest = _commit(house, sources, directory, parts, [task.index for task in tasks])
    except OSError as error:
        raise _unwritable(directory, error) from None
    finally:
        shutil.rmtree(parts, ignore_errors=True)
    return manifest


def measure(recipe: Recipe, progress: Progress | None = None) -> list[SourceCounts]:
    """The counts that a compile of this recipe would have, with nothing written."""
    house = open_house(recipe)
    tasks = plan_tasks(recipe.sources, recipe.format)
    results = (measure_task(house, task, left) for task, left in _limited(recipe, tasks))
    return _gather(results, tasks, progress)


def _prepare(directory: Path, overwrite: bool) -> Path:
    """An empty place for part files in a directory that is ours to write."""
    if (directory / MANIFEST_NAME).exists() and not overwrite:
        raise UsageError(
            "exists",
            f"--out {directory}: there is a finished compile already",
            remedy="--overwrite replaces it",
        )
    parts = directory / ".parts"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / MANIFEST_NAME).unlink(missing_ok=True)
        (directory / REJECTS_NAME).unlink(missing_ok=True)
        for old in (parts, directory / "data"):
            if old.exists():
                shutil.rmtree(old)
            old.mkdir()
    except OSError as error:
        raise _unwritable(directory, error) from None
    return parts


def _unwritable(directory: Path, error: OSError) -> AgentDataError:
    return AgentDataError(
        "unwritable",
        f"--out {directory}: cannot be written: {error.strerror or error}",
        remedy="choose a directory that you may write, with room on its disk",
    )


def _run(
    house: House, tasks: list[Task], parts: Path, progress: Progress | None
) -> list[SourceCounts]:
    recipe = house.recipe
    results: Iterable[Done]
    if recipe.limit is not None:
        results = (run_task(house, task, parts, left) for task, left in _limited(recipe, tasks))
    else:
        results = local.run(house, tasks, parts, min(recipe.workers, len(tasks)))
    sources = _gather(results, tasks, progress)
    if not sum(source.read for source in sources):
        raise AgentDataError("no_rows", f"no rows in {', '.join(recipe.sources)}")
    return sources


def _limited(recipe: Recipe, tasks: list[Task]) -> Iterator[tuple[Task, int | None]]:
    """The tasks with how many rows each may still read, until `--limit` is used up."""
    left = recipe.limit
    for task in tasks:
        if left is None:
            yield task, None
            continue
        if left <= 0:
            return
        yield task, left
        left -= sum(1 for _ in islice(read_rows(task), left))


def _gather(
    results: Iterable[Done], tasks: list[Task], progress: Progress | None
) -> list[SourceCounts]:
    """The counts of all tasks, added up by source."""
    sources: dict[str, SourceCounts] = {}
    for task in tasks:
        path = str(task.unit.path)
        counts = sources.setdefault(path, SourceCounts(source=path))
        counts.formats = {task.format: 1}
    for done in results:
        _add(sources[done.counts.source], done.counts)
        if progress is not None:
            progress(done)
    return list(sources.values())


def _add(total: SourceCounts, part: SourceCounts) -> None:
    for name in ("read", "written", "rejected", "merged", "split_off"):
        setattr(total, name, getattr(total, name) + getattr(part, name))
    for name in ("filtered", "rejects", "warnings"):
        getattr(total, name).update(getattr(part, name))
    total.tally.add(part.tally)


def _commit(
    house: House,
    sources: list[SourceCounts],
    directory: Path,
    parts: Path,
    indices: list[int],
) -> Manifest:
    recipe = house.recipe
    with (directory / REJECTS_NAME).open("wb") as rejects:
        for index in indices:
            path = rejects_path(parts, index)
            if path.exists():
                with path.open("rb") as file:
                    shutil.copyfileobj(file, rejects)
    merged: Counter[str] = Counter()
    shards: list[Shard] = []
    for split in ("train", *recipe.split):
        schema = PACKED_COLUMNS if recipe.pack else COLUMNS
        writer = ShardWriter(directory / "data", split, schema, recipe.container, recipe.shard_size)
        batches: Iterable[pa.RecordBatch] = (
            batch for index in indices for batch in read_part(part_path(parts, index, split))
        )
        writer.write(packed(batches, recipe.pack, merged) if recipe.pack else batches)
        shards += writer.finish()
    for counts in sources:
        # Pieces that `split` cut off and packing joined again leave no trace in the counts.
        rejoined = min(merged[counts.source], counts.split_off)
        counts.split_off -= rejoined
        joined = merged[counts.source] - rejoined
        counts.merged += joined
        counts.written -= joined
    manifest = Manifest(
        version=__version__,
        recipe=recipe.content(),
        fingerprints=house.fingerprints(),
        container=recipe.container,
        packed=recipe.pack is not None,
        vocab_size=house.encoder.tokenizer.vocab_size,
        shards=shards,
        sources=sources,
    )
    temporary = directory / f".{MANIFEST_NAME}.tmp"
    temporary.write_bytes(manifest.to_json())
    temporary.rename(directory / MANIFEST_NAME)
    return manifest
