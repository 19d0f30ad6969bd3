"""A JSON array of any size cut into its elements, without holding more than one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_BLOCK_BYTES = 1 << 20
_MARK = re.compile(rb'["\[\]{},]')
_REST_OF_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class Element(NamedTuple):
    """Byte offsets of one element, from the byte behind the comma or bracket before it to the comma
    or bracket behind it. `whole` is False for what stands behind the last comma of an array that is
    cut short, and for what follows the array's end."""

    start: int
    end: int
    whole: bool = True


def is_array(stream: BinaryIO) -> bool:
    """Whether the text begins as a JSON array. Moves the stream."""
    head = stream.read(_BLOCK_BYTES).removeprefix(_BOM)
    while head and not head.strip(BLANK):
        head = stream.read(_BLOCK_BYTES)
    return head.lstrip(BLANK).startswith(b"[")


def elements(stream: BinaryIO, start: int = 0, end: int | None = None) -> Iterator[Element]:
    """The elements of an array: of the whole text, or those between two offsets that an earlier
    pass gave.

    Only strings and brackets are looked at: an element may still be no JSON. Time is linear,
    memory constant.
    """
    inside = end is not None
    depth = int(inside)
    closed = False
    for mark, at in _marks(stream, start, end):
        if depth == 0:
            # Before the opening bracket stands white space alone, as `is_array` saw.
            depth, start = 1, at + 1
        elif mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
            if depth == 0:
                yield Element(start, at)
                start, closed = at + 1, True
                break
        elif depth == 1 and mark == b",":
            yield Element(start, at)
            start = at + 1
    last = stream.seek(0, 2) if end is None else end
    if inside:
        yield Element(start, last)
    elif not closed or last > start:
        yield Element(start, last, whole=False)


def _marks(stream: BinaryIO, start: int, end: int | None) -> Iterator[tuple[bytes, int]]:
    """Brackets and commas outside strings, each with its offset."""
    offset, in_string, escaped = stream.seek(start), False, False
    while block := stream.read(_BLOCK_BYTES if end is None else min(_BLOCK_BYTES, end - offset)):
        at = 0
        while at < len(block):
            if in_string:
                if escaped:
                    at, escaped = at + 1, False
                    continue
                string = _REST_OF_STRING.match(block, at)
                if string is None:
                    # An odd run of backslashes at the end escapes the next block's first byte.
                    tail = block[at:]
                    escaped = (len(tail) - len(tail.rstrip(b"\\"))) % 2 == 1
                    break
                at, in_string = string.end(), False
                continue
            found = _MARK.search(block, at)
            if found is None:
                break
            at = found.end()
            if found.group() == b'"':
                in_string = True
            else:
                yield found.group(), offset + found.start()
        offset += len(block)
