"""A unit of work to its raw rows, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from agentdata.errors import AgentDataError
from agentdata.formats import looks_like_row
from agentdata.json_text import JsonError, dumps, has_lone_surrogate, loads, loads_unchecked
from agentdata.sources.arrays import BLANK, Element, elements
from agentdata.sources.paths import unreadable
from agentdata.sources.streams import MAX_LINE_BYTES, lines, open_bytes
from agentdata.sources.talks import is_message, row_of_list
from agentdata.sources.units import DOCUMENT_BYTES, WorkUnit, bad_parquet
from agentdata.values import value

RAW_CHARS = 2000
"""So much of a bad row's text is kept."""

_BATCH_ROWS = 256
_ARRAY_BYTES = 16 << 20  # the fast parser takes some 16 times this for a moment
_CONTAINER_KEYS = ("data", "rows", "examples", "conversations", "simulations", "train")


@value
class RawRow:
    """A row as parsed, nearly always a JSON object. `line` counts from 1: lines of a line-based
    file, rows of any other. `pointer_prefix` is the JSON pointer of the row within its document,
    "" where the row stands by itself. `records` is how many records of the file make the row,
    `part` the JSON pointer of the row in a record that holds several."""

    value: dict[str, Any]
    line: int
    pointer_prefix: str = ""
    records: int = 1
    part: str = ""


@value
class BadRow:
    """A row that could not be parsed. `code`: `bad_json`, `bad_encoding`, `bad_unicode`,
    `not_an_object`, `line_too_long`. `raw` is the beginning of its text."""

    line: int
    code: str
    message: str
    pointer: str = ""
    raw: str = ""
    records: int = 1


def read_unit(unit: WorkUnit, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[RawRow | BadRow]:
    """The rows of a unit in order; blank lines are no rows.

    Raises AgentDataError `bad_json`, `bad_encoding` (a whole .json document), `bad_compression`,
    `bad_parquet`, `unreadable_source`.
    """
    match unit.kind:
        case "lines":
            return _line_rows(unit, max_line_bytes)
        case "array":
            return _array_rows(unit, max_line_bytes)
        case "fragment":
            return _fragment(unit)
        case "document":
            return _document_rows(unit.path)
        case "parquet":
            return _parquet_rows(unit)
        case "text":
            return _text_row(unit.path, max_line_bytes)


def _line_rows(unit: WorkUnit, max_line_bytes: int) -> Iterator[RawRow | BadRow]:
    with open_bytes(unit.path) as stream:
        if unit.start:
            stream.seek(unit.start)
        for line in lines(stream, unit.first, unit.end or None, max_line_bytes):
            if not line.whole:
                message = f"the line is longer than {max_line_bytes} bytes"
                yield BadRow(line.number, "line_too_long", message, raw=_beginning(line.raw))
            elif line.raw.strip(b"\xef\xbb\xbf \t\r\n"):
                yield _parsed_line(line.raw, line.number)


def _array_rows(unit: WorkUnit, max_bytes: int) -> Iterator[RawRow | BadRow]:
    with open_bytes(unit.path) as stream:
        parsed = None
        if unit.end - unit.start <= min(max_bytes, _ARRAY_BYTES):
            stream.seek(unit.start)
            parsed = _whole_array(stream.read(unit.end - unit.start))
        if parsed is not None:
            values, checked = parsed
            for number, value in enumerate(values, unit.first):
                yield _element(value, number, f"/{number - 1}", checked)
            return
        for number, place in enumerate(elements(stream, unit.start, unit.end), unit.first):
            row = _array_element(stream, place, number, max_bytes)
            if row is not None:
                yield row


def _whole_array(raw: bytes) -> tuple[list[Any], bool] | None:
    """The elements of a piece of an array all at once; None where one of them is no JSON."""
    if not raw.strip(BLANK):
        return None
    try:
        return loads_unchecked(b"[" + raw + b"]")
    except JsonError:
        return None


def _array_element(
    stream: BinaryIO, place: Element, number: int, max_bytes: int
) -> RawRow | BadRow | None:
    pointer = f"/{number - 1}"
    stream.seek(place.start - 1)
    before = stream.read(1)
    raw = stream.read(min(place.end - place.start, max_bytes + 1))
    if len(raw) > max_bytes:
        message = f"the element is longer than {max_bytes} bytes"
        return BadRow(number, "line_too_long", message, pointer, _beginning(raw[: 4 * RAW_CHARS]))
    if before == b"[" and stream.read(1) == b"]" and not raw.strip(BLANK):
        return None
    try:
        value, checked = loads_unchecked(raw)
    except JsonError as error:
        return BadRow(number, error.code, f"no JSON: {error}", pointer, _beginning(raw))
    return _element(value, number, pointer, checked)


def _fragment(unit: WorkUnit) -> Iterator[BadRow]:
    with open_bytes(unit.path) as stream:
        stream.seek(unit.start - 1)
        closed = stream.read(1) == b"]"
        raw = stream.read(min(unit.end - unit.start, 4 * RAW_CHARS))
    if not closed:
        yield BadRow(unit.first, "bad_json", "the array is cut short", raw=_beginning(raw))
    elif raw.strip(BLANK):
        yield BadRow(unit.first, "bad_json", "follows the end of the array", raw=_beginning(raw))


def _text_row(path: Path, max_bytes: int) -> Iterator[RawRow | BadRow]:
    """A text file is one row: {"text": all of it}."""
    with open_bytes(path) as stream:
        raw = stream.read(max_bytes + 1)
    if len(raw) > max_bytes:
        message = f"the text is longer than {max_bytes} bytes"
        yield BadRow(1, "line_too_long", message, raw=_beginning(raw))
    elif raw.strip(b"\xef\xbb\xbf \t\r\n"):
        try:
            yield RawRow({"text": raw.decode("utf-8-sig")}, 1)
        except UnicodeDecodeError as error:
            yield BadRow(1, "bad_encoding", f"no UTF-8: {error.reason}", raw=_beginning(raw))


def _parsed_line(raw: bytes, number: int) -> RawRow | BadRow:
    try:
        value = loads(raw)
    except JsonError as error:
        return BadRow(number, error.code, f"no JSON: {error}", raw=_beginning(raw))
    row = _as_row(value)
    if row is None:
        return BadRow(number, "not_an_object", _not_an_object(value), raw=_beginning(raw))
    return RawRow(row, number)


def _document_rows(path: Path) -> Iterator[RawRow | BadRow]:
    try:
        with open_bytes(path) as stream:
            raw = stream.read(DOCUMENT_BYTES + 1)
    except OSError as error:
        raise unreadable(path, error) from None
    if len(raw) > DOCUMENT_BYTES:
        raise AgentDataError(
            "document_too_big",
            f"{path} is one JSON document of over {DOCUMENT_BYTES >> 20} MiB",
            remedy="write its rows as JSON Lines or as a plain array in an unpacked file",
        )
    if not raw.strip(b"\xef\xbb\xbf \t\r\n"):
        return
    try:
        value, checked = loads_unchecked(raw)
    except JsonError as error:
        line = raw.decode(errors="replace").count("\n", 0, error.position) + 1
        raise AgentDataError(
            error.code, f"{path} is no valid JSON: {error} (line {line})", remedy="mend the file"
        ) from None
    del raw
    prefix, rows = _rows_of(value)
    if rows is None:
        yield _element(value, 1, "", checked)
        return
    for index, row in enumerate(rows):
        yield _element(row, index + 1, f"{prefix}/{index}", checked)


def _rows_of(document: Any) -> tuple[str, list[Any] | None]:
    """The list of rows in a document and its JSON pointer; None: the document is the row."""
    if isinstance(document, list):
        return "", None if _is_one_row(document) else document
    if not isinstance(document, dict) or looks_like_row(document):
        return "", None
    lists = {
        key: value
        for key, value in document.items()
        if isinstance(value, list) and any(isinstance(item, dict) for item in value)
    }
    order = [
        *(key for key, value in lists.items() if any(map(looks_like_row, value[:10]))),
        *(key for key in _CONTAINER_KEYS if key in lists),
        *lists,
    ]
    if not order:
        return "", None
    return "/" + order[0].replace("~", "~0").replace("/", "~1"), lists[order[0]]


def _is_one_row(document: list[Any]) -> bool:
    """Whether a list is the messages of one conversation, and no list of rows."""
    row = row_of_list(document) if document and is_message(document[0]) else None
    return row is not None and looks_like_row(row)


def _element(value: Any, number: int, pointer: str, checked: bool) -> RawRow | BadRow:
    row = _as_row(value)
    if row is None:
        message = _not_an_object(value)
        return BadRow(number, "not_an_object", message, pointer, dumps(value)[:RAW_CHARS])
    if not checked and has_lone_surrogate(value):
        raw = dumps(value).encode(errors="backslashreplace")
        message = "holds half of a surrogate pair"
        return BadRow(number, "bad_unicode", message, pointer, _beginning(raw))
    return RawRow(row, number, pointer)


def _as_row(value: Any) -> dict[str, Any] | None:
    """The row that a JSON value is: an object, or a list that makes one; None for anything else."""
    if isinstance(value, dict):
        return value
    return row_of_list(value) if isinstance(value, list) else None


def _parquet_rows(unit: WorkUnit) -> Iterator[RawRow | BadRow]:
    try:
        with pq.ParquetFile(unit.path) as file:
            groups = list(range(unit.start, unit.end))
            number = unit.first
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, row_groups=groups):
                for value in batch.to_pylist():
                    yield RawRow({key: _without_nulls(item) for key, item in value.items()}, number)
                    number += 1
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise bad_parquet(unit.path, error) from None


def _without_nulls(value: Any) -> Any:
    """A value of a table without the keys that hold null inside it: Arrow gives all structs of a
    column the same keys, so that null says no more than that another row has the key."""
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _beginning(raw: bytes) -> str:
    # One character takes at most four bytes.
    return raw[: 4 * RAW_CHARS].decode(errors="replace").strip()[:RAW_CHARS]


def _not_an_object(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return f"a row must be a JSON object, this one is {names.get(type(value), 'a number')}"
