"""From a recipe to a compiled directory: plan the work, run what is not done yet, commit it all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from pathlib import Path

from agentdata.commit import commit, gather
from agentdata.errors import AgentDataError
from agentdata.executors import local
from agentdata.house import House, open_house
from agentdata.intake import Task, input_paths, plan_tasks, read_rows
from agentdata.journal import Done, Parts, Plan, close_parts, input_of, locked, open_parts
from agentdata.recipe import Recipe
from agentdata.shards.manifest import Manifest, SourceCounts
from agentdata.sources import expand
from agentdata.sources.paths import unreadable
from agentdata.sources.units import unit_bytes
from agentdata.work import TokensDifferError, measure_task, run_task


@dataclass(frozen=True, slots=True)
class Step:
    """A task that is done. `share` (0 to 1) of the work is done with it: by bytes of the inputs,
    under `--limit` by rows where that is more. `earlier`: done by a run before this one."""

    counts: SourceCounts
    share: float
    earlier: bool = False


Progress = Callable[[Step], None]


def compile_recipe(
    recipe: Recipe,
    out: str | Path,
    *,
    overwrite: bool = False,
    resume: bool = True,
    progress: Progress | None = None,
) -> Manifest:
    """Compile the sources of a recipe into shards under `out`, and return the manifest.

    The directory counts as finished only once its manifest is there. A run that ended before that
    is taken up where it was, and what comes out is the same to the byte. `progress` gets a
    step for every task, those done earlier first. Raises UsageError for a bad option,
    AgentDataError (`no_rows`, `exists`, `locked`, `changed`, `unwritable`, ...) where the run
    cannot go on.
    """
    directory = Path(out)
    house = open_house(recipe)
    stamps = {path: _stamp(path) for path in expand(recipe.sources)}
    tasks = plan_tasks(recipe.sources, recipe.format)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with locked(directory):
            plan = _plan(house, tasks)
            parts = open_parts(directory, plan, overwrite=overwrite, resume=resume)
            run = _Run(house, tasks, parts, stamps, progress)
            manifest = _committed(run, plan, directory)
            close_parts(parts)
    except OSError as error:
        raise AgentDataError(
            "unwritable",
            f"--out {directory}: cannot be written: {error.strerror or error}",
            remedy="see to room and rights there, then run the same command again: it goes on",
        ) from None
    return manifest


def measure(recipe: Recipe, progress: Progress | None = None) -> list[SourceCounts]:
    """The counts that a compile of this recipe would have, with nothing written."""
    house = open_house(recipe)
    tasks = plan_tasks(recipe.sources, recipe.format)
    try:
        return _measured(house, tasks, progress)
    except TokensDifferError:
        house.encoder.distrust()
        return _measured(house, tasks, progress)


def _measured(house: House, tasks: Sequence[Task], progress: Progress | None) -> list[SourceCounts]:
    sources: dict[str, SourceCounts] = {}
    _expect_all(house, tasks)
    meter = _Meter(house.recipe, tasks, progress)
    for task, left in _limited(house.recipe, tasks):
        counts = measure_task(house, task, left)
        gather(sources, counts)
        meter.done(task.index, counts)
    return list(sources.values())


def _expect_all(house: House, tasks: Sequence[Task]) -> None:
    """Tell the encoder of all there is, also of what an earlier run did: whether a faster way is
    trusted must not depend on that."""
    if house.recipe.limit is None:
        house.encoder.expect(sum(unit_bytes([task.unit for task in tasks])))


def _plan(house: House, tasks: Sequence[Task]) -> Plan:
    inputs = []
    for path in input_paths(tasks):
        try:
            inputs.append(input_of(path))
        except OSError as error:
            raise unreadable(path, error) from None
    return Plan(
        recipe=house.recipe.content(),
        fingerprints=house.fingerprints(),
        inputs=inputs,
        units=hashlib.sha256(repr(tasks).encode("utf-8", "surrogateescape")).hexdigest(),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """The tasks of a compile, and the state of its inputs before they were read."""

    house: House
    tasks: Sequence[Task]
    parts: Parts
    stamps: dict[Path, tuple[int, int]]
    progress: Progress | None


def _committed(run: _Run, plan: Plan, directory: Path) -> Manifest:
    """Do all tasks and commit them. Where a row's tokens turn out to be others than the
    tokenizer's, all begin anew with the tokenizer alone: the result must not depend on who found
    it out, and when."""
    if run.parts.asks_tokenizer:
        run.house.encoder.distrust()
    _expect_all(run.house, run.tasks)
    try:
        return _committed_once(run, plan, directory)
    except TokensDifferError:
        run.parts.begin_anew()
        run.house.encoder.distrust()
        return _committed_once(run, plan, directory)


def _committed_once(run: _Run, plan: Plan, directory: Path) -> Manifest:
    with closing(_results(run)) as results:
        return commit(run.house, plan, run.tasks, directory, run.parts, results)


def _results(run: _Run) -> Generator[Done]:
    """The results of all tasks in their order, as they come: those that an earlier run left and
    those of the tasks that are done now. Raises AgentDataError `no_rows` or `input_changed` behind
    the last one, and whatever ends a task."""
    recipe, tasks, parts = run.house.recipe, run.tasks, run.parts
    meter = _Meter(recipe, tasks, run.progress)
    before: list[int] = []
    for task in tasks:
        if done := parts.done(task.index):
            before.append(task.index)
            meter.done(task.index, done.counts, earlier=True)
    read = 0
    # Both are begun before the first is taken: workers need not wait for what was done earlier.
    now = _new_results(run, set(before), meter)
    for result in merge(_noted(parts, before), now, key=lambda done: done.index):
        read += result.counts.read
        yield result
    if not read:
        raise AgentDataError("no_rows", f"no rows in {', '.join(recipe.sources)}")
    _check_unchanged(run.stamps)


def _noted(parts: Parts, indices: Iterable[int]) -> Iterator[Done]:
    """What was noted of tasks that are known to be done."""
    for index in indices:
        done = parts.noted(index)
        if done is None:
            raise OSError(f"what task {index} wrote was changed by another process")
        yield done


def _new_results(run: _Run, before: Set[int], meter: _Meter) -> Iterator[Done]:
    """The results of the tasks that no run before this one has done, in their order."""
    house, parts, recipe = run.house, run.parts, run.house.recipe
    results: Iterable[Done]
    if recipe.limit is None:
        left = [task for task in run.tasks if task.index not in before]
        results = local.run(house, left, parts, _workers(recipe, left))
    else:
        results = (
            run_task(house, task, parts, most)
            for task, most in _limited(recipe, run.tasks)
            if task.index not in before
        )
    for result in results:
        meter.done(result.index, result.counts)
        yield result


_WORKER_BYTES = 4 << 20
"""Less than this is done before another process is at work."""


def _workers(recipe: Recipe, tasks: Sequence[Task]) -> int:
    if recipe.workers is not None:
        return min(recipe.workers, len(tasks))
    pays = sum(unit_bytes([task.unit for task in tasks])) // _WORKER_BYTES
    return min(os.cpu_count() or 1, len(tasks), max(pays, 1))


def _limited(recipe: Recipe, tasks: Sequence[Task]) -> Iterator[tuple[Task, int | None]]:
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


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file is written: its size, and the time of the last change."""
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from None
    return status.st_size, status.st_mtime_ns


def _check_unchanged(stamps: dict[Path, tuple[int, int]]) -> None:
    """Raises AgentDataError `input_changed` where an input was written to since the beginning."""
    for path, stamp in stamps.items():
        if _stamp(path) != stamp:
            raise AgentDataError(
                "input_changed",
                f"{path} was written to while it was read",
                remedy="let it rest, then run the same command again",
            )


class _Meter:
    """Tells of every task that is done how far the run is with it."""

    def __init__(self, recipe: Recipe, tasks: Sequence[Task], progress: Progress | None) -> None:
        self._limit = recipe.limit
        self._progress = progress
        self._bytes = dict(
            zip(
                (task.index for task in tasks),
                unit_bytes([task.unit for task in tasks]),
                strict=True,
            )
        )
        self._total = sum(self._bytes.values())
        self._done = self._rows = 0

    def done(self, index: int, counts: SourceCounts, *, earlier: bool = False) -> None:
        self._done += self._bytes[index]
        self._rows += counts.read
        if self._progress is not None:
            share = self._done / self._total if self._total else 1.0
            if self._limit is not None:
                share = max(share, min(1.0, self._rows / self._limit))
            self._progress(Step(counts, share, earlier))
