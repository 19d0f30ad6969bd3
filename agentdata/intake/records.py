"""Raw records to raw rows: one row is one conversation, however the file spreads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from agentdata import formats
from agentdata.formats import Companions, Format
from agentdata.intake.tasks import COMPANION, UNKNOWN_FORMAT, Task
from agentdata.sources import BadRow, RawRow, plan, read_unit

MAX_SESSION_RECORDS = 100_000
"""A conversation of more lines than this is rejected: it would have to be held in memory."""


def read_rows(task: Task) -> Iterator[RawRow | BadRow]:
    """The rows of a task in order. `RawRow.records` says how many raw records make one.

    Raises what `read_unit` raises.
    """
    rows = read_unit(task.unit)
    if task.format in (UNKNOWN_FORMAT, COMPANION):
        return rows
    format_ = formats.get(task.format)
    if format_.companions is not None:
        rows = _joined(rows, format_.companions, task.unit.path)
    if format_.gather is not None:
        return _gathered(rows, format_)
    if format_.session is not None:
        return _sessions(rows, format_)
    if format_.explode is not None:
        return _exploded(rows, format_)
    return rows


def _joined(
    rows: Iterable[RawRow | BadRow], companions: Companions, path: Path
) -> Iterator[RawRow | BadRow]:
    index = _index(companions, path)
    for row in rows:
        if isinstance(row, RawRow):
            yield RawRow(companions.join(row.value, index), row.line, row.pointer_prefix)
        else:
            yield row


@lru_cache(maxsize=2)
def _index(companions: Companions, path: Path) -> Any:
    """The lookup of a file's companions; units of one file share it."""
    return companions.index(
        {
            found: [
                row.value
                for unit in plan([found])
                for row in read_unit(unit)
                if isinstance(row, RawRow)
            ]
            for found in companions.find(path)
        }
    )


def _gathered(rows: Iterable[RawRow | BadRow], format_: Format) -> Iterator[RawRow | BadRow]:
    """What the format makes of the records; those that could not be parsed stand for themselves."""
    assert format_.gather is not None
    waiting: dict[int, RawRow] = {}
    bad: list[BadRow] = []

    def records() -> Iterator[tuple[int, dict[str, Any]]]:
        for number, row in enumerate(rows):
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                waiting[number] = row
                yield number, row.value

    for numbers, value in format_.gather(records()):
        yield from bad
        bad.clear()
        last = [waiting.pop(number) for number in numbers][-1]
        yield RawRow(value, last.line, last.pointer_prefix, records=len(numbers))
    yield from bad


def _exploded(rows: Iterable[RawRow | BadRow], format_: Format) -> Iterator[RawRow | BadRow]:
    assert format_.explode is not None
    for row in rows:
        parts = [] if isinstance(row, BadRow) else list(format_.explode(row.value))
        if isinstance(row, BadRow) or not parts or parts[0][1] is row.value:
            yield row
            continue
        for pointer, value in parts:
            part = pointer if len(parts) > 1 else ""
            yield RawRow(value, row.line, row.pointer_prefix + pointer, part=part)


def _sessions(rows: Iterable[RawRow | BadRow], format_: Format) -> Iterator[RawRow | BadRow]:
    """One row for each run of records with an equal key.

    A record that could not be parsed belongs to the session around it, which is then not whole:
    the session is rejected for it.
    """
    session = format_.session
    assert session is not None
    key: str | int | None = ""
    alone = 0

    def of(row: RawRow | BadRow) -> str | int | None:
        nonlocal key, alone
        alone += 1
        if isinstance(row, BadRow):
            # After a row by itself it belongs to nothing.
            return alone if isinstance(key, int) else key
        key = session(row.value)
        key = alone if key is None else key
        return key

    for of_key, group in groupby(rows, of):
        if isinstance(of_key, int):
            yield from group
            continue
        first: RawRow | BadRow | None = None
        bad: BadRow | None = None
        records: list[dict[str, Any]] = []
        count = 0
        for row in group:
            first = first or row
            count += 1
            if isinstance(row, BadRow):
                bad = bad or row
            elif count <= MAX_SESSION_RECORDS:
                records.append(row.value)
        assert first is not None
        if count > MAX_SESSION_RECORDS:
            bad = BadRow(
                first.line,
                "session_too_long",
                f"over {MAX_SESSION_RECORDS} lines in one conversation",
            )
        if bad is not None:
            yield BadRow(bad.line, bad.code, bad.message, bad.pointer, bad.raw, records=count)
        else:
            prefix = first.pointer_prefix if isinstance(first, RawRow) else ""
            yield RawRow({"records": records}, first.line, prefix, records=count)
