"""Files cut into units of work; the cut depends on the files alone, never on who works."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from agentdata.errors import AgentDataError
from agentdata.json_text import JsonError, loads
from agentdata.sources.arrays import elements, is_array
from agentdata.sources.paths import ending, unreadable
from agentdata.sources.streams import MAX_LINE_BYTES, open_bytes
from agentdata.sources.talks import is_message

UNIT_BYTES = 4 << 20
DOCUMENT_BYTES = 128 << 20
"""A .json file that is no array of rows is read whole, up to this size."""
_BLOCK_BYTES = 1 << 20

Kind = Literal["lines", "array", "fragment", "document", "parquet", "text"]


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """A piece of a file that one worker reads by itself.

    kind      start, end                          first
    lines     bytes, cut on line starts           number of the first line, from 1
    array     bytes, cut between the elements     number of the first element, from 1
    fragment  bytes that make an array no array   number it would have as an element
    document  0, 0: the whole file                1
    parquet   row groups                          number of the first row, from 1
    text      0, 0: the whole file, one row       1

    A packed file is never cut: its `lines` unit has end 0 too, which means to its end.
    """

    path: Path
    kind: Kind
    start: int = 0
    end: int = 0
    first: int = 1


def plan(paths: Iterable[Path], unit_bytes: int = UNIT_BYTES) -> Iterator[WorkUnit]:
    """The units of the files in order, each of about `unit_bytes`; an empty file has none.

    Raises AgentDataError `bad_parquet`, `bad_compression`, `unreadable_source`.
    """
    for path in paths:
        known = ending(path)
        if known == ".parquet":
            yield from _row_groups(path, unit_bytes)
        elif known == ".txt":
            yield WorkUnit(path, "text")
        elif known.startswith((".json", ".traj")) and not known.startswith(".jsonl"):
            if known in (".json", ".traj") and _holds_rows(path):
                yield from _element_ranges(path, unit_bytes)
            elif not _holds_lines(path):
                yield WorkUnit(path, "document")
            elif known in (".json", ".traj"):
                yield from _line_ranges(path, unit_bytes)
            else:
                yield WorkUnit(path, "lines")
        elif known == ".jsonl":
            yield from _line_ranges(path, unit_bytes)
        else:
            yield WorkUnit(path, "lines")


def unit_bytes(units: Sequence[WorkUnit]) -> list[int]:
    """About how many bytes of its file each unit reads: row groups count as of one size."""
    groups: dict[Path, int] = {}
    for unit in units:
        if unit.kind == "parquet":
            groups[unit.path] = max(unit.end, groups.get(unit.path, 0))
    sizes: list[int] = []
    for unit in units:
        if unit.kind == "parquet":
            share = (unit.end - unit.start) / groups[unit.path]
            sizes.append(round(_size(unit.path) * share))
        else:
            sizes.append(unit.end - unit.start if unit.end else _size(unit.path))
    return sizes


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # whoever reads it says what is wrong


def _holds_lines(path: Path) -> bool:
    """Whether a file named .json holds one object per line: the first line that is not blank is
    a whole object, and more follows."""
    with open_bytes(path) as stream:
        first = _next_text(stream)
        if not first.lstrip(b"\xef\xbb\xbf \t\r").startswith(b"{"):
            return False
        try:
            value = loads(first)
        except JsonError:
            return False
        return isinstance(value, dict) and bool(_next_text(stream))


def _next_text(stream: BinaryIO) -> bytes:
    while line := stream.readline(MAX_LINE_BYTES):
        if line.strip():
            return line
    return b""


def _holds_rows(path: Path) -> bool:
    """Whether a file is an array of rows; one of messages is a row by itself."""
    with open_bytes(path) as stream:
        if not is_array(stream):
            return False
        stream.seek(0)
        head = stream.read(_BLOCK_BYTES)
    first = next(elements(BytesIO(head)))
    if not first.whole or _size(path) > DOCUMENT_BYTES:
        return True
    try:
        return not is_message(loads(head[first.start : first.end]))
    except JsonError:
        return True


def _element_ranges(path: Path, unit_bytes: int) -> Iterator[WorkUnit]:
    with open_bytes(path) as stream:
        start, number, first = -1, 0, 1
        for element in elements(stream):
            if start < 0:
                start = element.start
            if not element.whole:
                if number >= first:
                    yield WorkUnit(path, "array", start, element.start - 1, first)
                yield WorkUnit(path, "fragment", element.start, element.end, number + 1)
                return
            number += 1
            if element.end - start >= unit_bytes:
                yield WorkUnit(path, "array", start, element.end, first)
                start, first = -1, number + 1
        if number >= first:
            yield WorkUnit(path, "array", start, element.end, first)


def _line_ranges(path: Path, unit_bytes: int) -> Iterator[WorkUnit]:
    try:
        with path.open("rb") as file:
            start = line = 0
            while True:
                end, count = _line_start_after(file, start, unit_bytes)
                if end == start:
                    return
                yield WorkUnit(path, "lines", start, end, line + 1)
                start, line = end, line + count
    except OSError as error:
        raise unreadable(path, error) from None


def _line_start_after(file: BinaryIO, start: int, unit_bytes: int) -> tuple[int, int]:
    """The first line start at or after `start + unit_bytes` or the end of the file, and the number
    of line ends between `start` and there."""
    file.seek(start)
    position, count = start, 0
    while remaining := start + unit_bytes - 1 - position:
        block = file.read(min(_BLOCK_BYTES, remaining))
        if not block:
            return position, count
        position += len(block)
        count += block.count(b"\n")
    while tail := file.readline(_BLOCK_BYTES):
        position += len(tail)
        if tail.endswith(b"\n"):
            return position, count + 1
    return position, count


def _row_groups(path: Path, unit_bytes: int) -> Iterator[WorkUnit]:
    try:
        with pq.ParquetFile(path) as file:
            metadata = file.metadata
            start, first, size, rows = 0, 1, 0, 0
            for group in range(metadata.num_row_groups):
                size += metadata.row_group(group).total_byte_size
                rows += metadata.row_group(group).num_rows
                if size >= unit_bytes or group == metadata.num_row_groups - 1:
                    if rows:
                        yield WorkUnit(path, "parquet", start, group + 1, first)
                    start, first, size, rows = group + 1, first + rows, 0, 0
    except (pa.ArrowException, OSError) as error:
        raise bad_parquet(path, error) from None


def bad_parquet(path: Path, error: Exception) -> AgentDataError:
    """The error of a file that is no Parquet, or a damaged one."""
    if isinstance(error, OSError) and error.errno is not None:
        return unreadable(path, error)
    return AgentDataError("bad_parquet", f"{path} is no readable Parquet file: {error}")
