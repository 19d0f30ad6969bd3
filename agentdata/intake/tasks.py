"""Sources to units of work, each with the format of its file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from agentdata import formats
from agentdata.errors import AgentDataError
from agentdata.sources import BadRow, RawRow, WorkUnit, expand, plan, read_unit

UNKNOWN_FORMAT = "unknown"
"""The format of a file among others that fits none: its rows are rejected."""
COMPANION = "companion"
"""The format of a file whose rows belong to those of another file of the same run."""
DETECT_ROWS = 64
_DETECT_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Task:
    """A unit of a file of a known format, and its place in the order of the output.

    `fault` says why the format is unknown.
    """

    index: int
    unit: WorkUnit
    format: str
    fault: str = ""


def plan_tasks(sources: Sequence[str], format_: str = "auto") -> list[Task]:
    """The units of work of all sources, each with its file's format, in the order of the output.

    Raises UsageError `unknown_format`, AgentDataError `no_rows` where there is nothing to read,
    and the fault of detection where no file has a known format.
    """
    tasks: list[Task] = []
    unknown: list[AgentDataError] = []
    for path in expand(sources):
        units = list(plan([path]))
        name, fault = format_, ""
        if format_ == "auto":
            try:
                name = _detect(path)
            except AgentDataError as error:
                # One strange file among others: its rows are rejected, each with this reason.
                unknown.append(error)
                name, fault = UNKNOWN_FORMAT, str(error)
        else:
            formats.get(format_)
        if not name:
            continue
        if name != UNKNOWN_FORMAT and _needs_whole_file(formats.get(name), path):
            units = list(plan([path], sys.maxsize))
        tasks += [Task(len(tasks) + n, unit, name, fault) for n, unit in enumerate(units)]
    tasks = _without_companions(tasks)
    if unknown and all(task.format == UNKNOWN_FORMAT for task in tasks):
        raise unknown[0]
    if not tasks:
        raise AgentDataError(
            "no_rows",
            f"no rows in {', '.join(sources)}",
            remedy="name a file that holds conversations",
        )
    return tasks


def input_paths(tasks: Sequence[Task]) -> list[Path]:
    """The files that the tasks read, each once; those that others take rows from included."""
    found: dict[Path, None] = {}
    for task in tasks:
        found[task.unit.path] = None
        if task.format not in (UNKNOWN_FORMAT, COMPANION):
            companions = formats.get(task.format).companions
            found.update(dict.fromkeys(companions.find(task.unit.path) if companions else ()))
    return list(found)


def _needs_whole_file(format_: formats.Format, path: Path) -> bool:
    """Whether conversations of a file are spread over records, judged by its first ones."""
    session = format_.session
    return format_.gather is not None or (
        session is not None
        and any(
            isinstance(row, RawRow) and session(row.value) is not None for row in _first_rows(path)
        )
    )


def _without_companions(tasks: list[Task]) -> list[Task]:
    """The tasks, with those of files that others take their rows from marked so."""
    companions: set[Path] = set()
    for task in tasks:
        if task.format != UNKNOWN_FORMAT:
            found = formats.get(task.format).companions
            companions.update(
                path.resolve() for path in (found.find(task.unit.path) if found else ())
            )
    return [
        replace(task, format=COMPANION, fault="")
        if task.unit.path.resolve() in companions
        else task
        for task in tasks
    ]


def _first_rows(path: Path) -> list[RawRow | BadRow]:
    # Small units: of an array, a unit is parsed at once.
    units = plan([path], _DETECT_BYTES)
    return list(islice((row for unit in units for row in read_unit(unit)), DETECT_ROWS))


def _detect(path: Path) -> str:
    """The format of a file by its first rows; "" where it holds none."""
    sample = _first_rows(path)
    good = [row.value for row in sample if isinstance(row, RawRow)]
    if not sample:
        return ""
    try:
        return formats.detect(good)
    except AgentDataError as error:
        raise type(error)(error.code, f"{path}: {error.message}", remedy=error.remedy) from None
