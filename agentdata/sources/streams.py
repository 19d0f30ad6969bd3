"""Bytes of a file, compressed or not, line by line in bounded memory."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import pyarrow as pa

from agentdata.errors import AgentDataError
from agentdata.sources.paths import unreadable

MAX_LINE_BYTES = 64 << 20
_SKIP_BYTES = 1 << 20
_BUFFER_BYTES = 1 << 16  # lines that lie across its ends are put together from pieces


class Line(NamedTuple):
    """One line with its end, from `number` 1 on. `whole` is False where it passed the limit and
    only its beginning was kept."""

    number: int
    raw: bytes
    whole: bool


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The unpacked bytes of a file by its last ending (.gz, .zst, none).

    Raises AgentDataError `bad_compression` where the packed stream is damaged or cut short, and
    `unreadable_source` where the system refuses, also while the stream is being read.
    """
    packing = path.suffix.lower()
    try:
        with _opener(path, packing) as stream:
            yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(path, error) from None
    except OSError as error:
        # Arrow reports damage as an OSError without a system error number.
        raise _damaged(path, error) if error.errno is None else unreadable(path, error) from None


def _opener(path: Path, packing: str) -> BinaryIO:
    if packing == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    if packing == ".zst":
        # Arrow, since the reader of the zstandard package takes a cut stream for a complete one.
        return cast(BinaryIO, io.BufferedReader(pa.input_stream(str(path), compression="zstd")))
    return path.open("rb", buffering=_BUFFER_BYTES)


def _damaged(path: Path, error: Exception) -> AgentDataError:
    return AgentDataError(
        "bad_compression",
        f"{path} is damaged or cut short: {error}",
        remedy="fetch or pack the file again",
    )


def lines(
    stream: BinaryIO, first: int = 1, end: int | None = None, limit_bytes: int = MAX_LINE_BYTES
) -> Iterator[Line]:
    """The lines of a stream up to byte offset `end` (None: to its end), numbered from `first`."""
    number = first
    position = stream.tell() if end is not None else 0
    while end is None or position < end:
        raw = stream.readline(limit_bytes + 1)
        if not raw:
            return
        position += len(raw)
        whole = len(raw) <= limit_bytes or raw.endswith(b"\n")
        yield Line(number, raw, whole)
        while not whole:
            rest = stream.readline(_SKIP_BYTES)
            position += len(rest)
            whole = not rest or rest.endswith(b"\n")
        number += 1
