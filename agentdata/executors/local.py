"""Runs tasks in this process or in several on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from agentdata.errors import AgentDataError
from agentdata.house import House, open_house
from agentdata.intake import Task
from agentdata.recipe import Recipe
from agentdata.work import Done, run_task

# Set once in every worker process by its initializer.
_house: House | None = None


def run(house: House, tasks: Iterable[Task], parts: Path, workers: int) -> Iterator[Done]:
    """The results of the tasks, in their order. At most a few tasks per worker are under way.

    Raises AgentDataError `worker_died` where a process ended without a word (out of memory).
    """
    if workers == 1:
        for task in tasks:
            yield run_task(house, task, parts)
        return
    stream = iter(tasks)
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _open_in_worker, (house.recipe,))
    try:
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
            remedy="run again with fewer --workers",
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _open_in_worker(recipe: Recipe) -> None:
    global _house
    # One process per core: threads inside the tokenizer would only get in each other's way.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    _house = open_house(recipe)


def _run_in_worker(task: Task, parts: Path) -> Done:
    assert _house is not None
    return run_task(_house, task, parts)
