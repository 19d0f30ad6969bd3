"""Two views side by side, as lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from rich.cells import cell_len

from agentdata.show.diff import Pair, paired, summary
from agentdata.show.lines import Line, block_lines
from agentdata.show.terminal import BOLD, RESET, head, legend, painted, weights_of
from agentdata.show.view import NoView, Seen, TokenView

KIND_WIDTH = 11
WEIGHT_WIDTH = 4
_SAME_LINES = 2
"""So many lines of a block in which nothing differs are shown."""

Sides = tuple[Seen | None, Seen | None]


def side_by_side(
    sides: list[Sides], names: tuple[str, str], *, colours: bool, width: int
) -> Iterator[str]:
    """The lines of rows that are seen in two ways; `names` are what to call these."""
    views = [view for pair in sides for view in pair if isinstance(view, TokenView)]
    if views:
        yield from legend(views, colours)
    for number, (left, right) in enumerate(sides):
        if number:
            yield ""
        if isinstance(left, TokenView) and isinstance(right, TokenView):
            yield from _compared(left, right, names, colours, width)
            continue
        for name, view in zip(names, (left, right), strict=True):
            yield f"{name}:"
            yield from head(view, colours) if view is not None else ["no such row"]
            if isinstance(view, NoView):
                yield f"rejected [{view.code}] {view.message}"


def _compared(
    left: TokenView, right: TokenView, names: tuple[str, str], colours: bool, width: int
) -> Iterator[str]:
    pairs = paired(left, right)
    for name, view in zip(names, (left, right), strict=True):
        yield f"{BOLD}{name}{RESET}" if colours else name
        yield from (f"  {line}" for line in head(view, colours))
    yield from summary(left, right, pairs)
    room = max((width - KIND_WIDTH - 4 - 2 * (WEIGHT_WIDTH + 2) - 2) // 2, 12)
    for pair in pairs:
        yield from _block(left, right, pair, room, colours)


def _block(
    left: TokenView, right: TokenView, pair: Pair, room: int, colours: bool
) -> Iterator[str]:
    ours = block_lines(left, pair.left, room, parted=not colours) if pair.left else ()
    theirs = block_lines(right, pair.right, room, parted=not colours) if pair.right else ()
    block = pair.left or pair.right
    assert block is not None
    for count, (one, other) in enumerate(zip_longest(ours, theirs)):
        if pair.same and count == _SAME_LINES:
            yield f"{'':{KIND_WIDTH + 4}} {'…':>{WEIGHT_WIDTH}}  the same on both sides"
            return
        kind = block.kind[:KIND_WIDTH] if not count else ""
        number = f"#{block.message}" if not count and block.message >= 0 else ""
        sign = " " if pair.same else "≠"
        yield (
            f"{kind:{KIND_WIDTH}}{number:>4}"
            f"{_side(one, room, colours)} {sign}{_side(other, room, colours).rstrip()}"
        )


def _side(line: Line | None, room: int, colours: bool) -> str:
    if line is None:
        return " " * (WEIGHT_WIDTH + 2 + room)
    weights = weights_of(line, WEIGHT_WIDTH)
    used = sum(cell_len(cell.text) for cell in line.cells)
    used += 0 if colours else len(line.cells) - 1
    return f" {weights:>{WEIGHT_WIDTH}}┃{painted(line, colours)}{' ' * max(room - used, 0)}"
