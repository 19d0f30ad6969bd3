"""A JSON array of any size cut into its elements, without holding more than one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

_BLOCK_BYTES = 1 << 18
_QUOTE, _COMMA = b'",'
_IS_MARK = np.isin(np.arange(256), list(b'"[]{},'))
# How much deeper the text is behind a byte than before it.
_STEPS = np.zeros(256, np.int8)
_STEPS[list(b"[{")] = 1
_STEPS[list(b"]}")] = -1
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
    pass gave. The stream may be moved while they are taken.

    Only strings and brackets are looked at: an element may still be no JSON. Time is linear,
    memory constant.
    """
    inside = opened = end is not None
    closed = False
    for at, depth in _borders(stream, start, end):
        if opened:
            yield Element(start, at)
        opened, start = True, at + 1
        closed = depth == 0
        if closed:
            break
    last = stream.seek(0, 2) if end is None else end
    if inside:
        yield Element(start, last)
    elif not closed or last > start:
        yield Element(start, last, whole=False)


def _borders(stream: BinaryIO, start: int, end: int | None) -> Iterator[tuple[int, int]]:
    """The brackets of the array and the commas between its elements: the offset of each, and how
    many brackets are open behind it."""
    in_string, depth = False, int(end is not None)
    for offset, block in _blocks(stream, start, end):
        text = np.frombuffer(block, np.uint8)
        places = np.flatnonzero(_IS_MARK[text])
        marks = text[places]
        quotes = marks == _QUOTE
        strings = (np.cumsum(quotes) + in_string) % 2 == 1
        in_string ^= bool(np.count_nonzero(quotes) % 2)
        steps = np.where(strings, 0, _STEPS[marks])
        depths = depth + np.cumsum(steps, dtype=np.int64)
        depth = int(depths[-1]) if len(depths) else depth
        # Between brackets and elements of depth 1 alone are both sides together at most 2 deep.
        border = (2 * depths - steps <= 2) & ~strings & ~quotes
        yield from zip((places[border] + offset).tolist(), depths[border].tolist(), strict=True)


def _blocks(stream: BinaryIO, start: int, end: int | None) -> Iterator[tuple[int, bytes]]:
    """The text in blocks, each with its offset. What a backslash escapes is overwritten, so that
    every quote begins or ends a string."""
    offset = start
    while stream.seek(offset) >= 0:
        block = stream.read(_BLOCK_BYTES if end is None else min(_BLOCK_BYTES, end - offset))
        if not block:
            return
        # Pairs of backslashes first, from the left: only then does one before a quote escape it.
        block = block.replace(rb"\\", b"__")
        if block.endswith(b"\\"):
            block = block[:-1] + b"_" * (1 + len(stream.read(1)))
        yield offset, block.replace(rb"\"", b"__")
        offset += len(block)
