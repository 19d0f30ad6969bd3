"""Runs tasks in this process or in several on this machine."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import (
    active_children,
    connection,
    get_context,
    parent_process,
    resource_tracker,
)

from agentdata.errors import AgentDataError
from agentdata.house import House, open_house
from agentdata.intake import Task
from agentdata.journal import Done, Parts
from agentdata.recipe import Recipe
from agentdata.work import run_task

# A forked worker has what this process loaded, at once and without memory of its own.
_FORK = sys.platform == "linux"

# Set once in every worker process when it starts.
_house: House | None = None


def run(house: House, tasks: Iterable[Task], parts: Parts, workers: int) -> Iterator[Done]:
    """The results of the tasks, in their order. At most a few tasks per worker are under way.

    Raises AgentDataError `worker_died` where a process ended without a word (out of memory).
    """
    if workers <= 1:
        with _collected_seldom():
            for task in tasks:
                yield run_task(house, task, parts)
        return
    stream = iter(tasks)
    encoder = house.encoder
    told = house if _FORK else _Told(house.recipe, encoder.differs, encoder.expected)
    context = get_context("fork" if _FORK else "spawn")
    pool = ProcessPoolExecutor(workers, context, _start_worker, (told,))
    try:
        with _uninterrupted():
            waiting: list[Future[Done]] = [
                pool.submit(_run_in_worker, task, parts) for task in islice(stream, 3 * workers)
            ]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(_run_in_worker, task, parts) for task in islice(stream, 1)]
    except BrokenProcessPool:
        raise AgentDataError(
            "worker_died",
            "a worker process died, most likely for want of memory",
            remedy="run the same command again, with fewer --workers: it goes on from here",
        ) from None
    except BaseException:
        # What a task has not finished is done again; nobody has to wait for it now.
        for child in active_children():
            child.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _collected_seldom() -> Iterator[None]:
    """Rows hold no cycles to speak of, and looking for some takes a sixth of the time."""
    before = gc.get_threshold()
    _collect_seldom()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def _collect_seldom() -> None:
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Children that are started now never see Ctrl-C, which reaches a terminal's whole group: the
    process that started them sees to their end. It gets its own Ctrl-C once the block is lifted.
    SIGTERM waits until a child has put away what a fork of this process would do on it."""
    if not _FORK:
        # Where it has to start, it lifts the block.
        resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a worker that shares nothing makes its house of."""

    recipe: Recipe
    differs: bool
    expected: int


def _start_worker(told: House | _Told) -> None:
    global _house
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    # One process per core: threads inside the tokenizer would only get in each other's way.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if isinstance(told, _Told):
        _house = open_house(told.recipe)
        if told.differs:
            _house.encoder.distrust()
        _house.encoder.expect(told.expected)
    else:
        _house = told
    _collect_seldom()


def _end_with_parent() -> None:
    """A worker whose parent was killed would go on writing."""
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


def _run_in_worker(task: Task, parts: Parts) -> Done:
    assert _house is not None
    return run_task(_house, task, parts)
