"""The tokens of a view laid out in lines, for a terminal and for comparisons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rich.cells import get_character_cell_size

from agentdata.show.view import TokenView, runs
from agentdata.show.visible import LINE_BREAK, SPACE, hidden


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of one token within one line: `token` is its index, `text` what is shown."""

    token: int
    text: str
    weight: float
    note: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of cells. `kind` and `message` are those of all its tokens, `role` that of the
    message; `first` is whether a run of that kind and message begins here."""

    cells: tuple[Cell, ...]
    kind: str
    message: int
    role: str
    first: bool

    @property
    def weights(self) -> list[float]:
        """The weights of the line's tokens, each once, in order."""
        return list(dict.fromkeys(cell.weight for cell in self.cells))


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring tokens [`start`, `end`) of one message and kind."""

    start: int
    end: int
    message: int
    kind: str


def blocks(view: TokenView) -> list[Block]:
    """The blocks of a view, in order."""
    found: list[Block] = []
    for run in runs(view):
        if found and (found[-1].message, found[-1].kind) == (run.message, run.kind):
            found[-1] = Block(found[-1].start, run.end, run.message, run.kind)
        else:
            found.append(Block(run.start, run.end, run.message, run.kind))
    return found


def run_text(view: TokenView, start: int, end: int) -> str:
    """The text under the tokens [`start`, `end`)."""
    return view.text[int(view.starts[start]) : int(view.ends[end - 1])]


def lines(view: TokenView, width: int, *, parted: bool = False) -> Iterator[Line]:
    """The lines of a view: blocks apart, broken where the text is, and after `width` columns,
    one of which each border between tokens takes if they are `parted`.

    Spaces at the end of a line, and those that begin a block, are shown as dots.
    """
    for block in blocks(view):
        yield from block_lines(view, block, width, parted=parted)


def block_lines(view: TokenView, block: Block, width: int, *, parted: bool) -> Iterator[Line]:
    """The lines of one block; see `lines`."""
    roles = view.tells.roles if view.tells is not None else ()
    role = roles[block.message] if 0 <= block.message < len(roles) else ""
    first = True
    for cells in _wrapped(view, block, width, parted):
        yield Line(tuple(cells), block.kind, block.message, role, first)
        first = False


def _texts(view: TokenView, block: Block) -> Iterator[str]:
    """What to show of each token: its characters; where it holds parts of one, those bytes."""
    start, end = block.start, block.end
    spans = zip(view.starts[start:end].tolist(), view.ends[start:end].tolist(), strict=True)
    for token, (first, last) in enumerate(spans, start):
        before = token and view.ends[token - 1] > first
        after = token + 1 < len(view.ids) and view.starts[token + 1] < last
        if before or after:
            yield view.pieces[token].decode("utf-8", "surrogateescape")
        else:
            yield view.text[first:last]


def _wrapped(view: TokenView, block: Block, width: int, parted: bool) -> Iterator[list[Cell]]:
    line: list[Cell] = []
    used = 0
    begins = True
    weights = view.weights[block.start : block.end].tolist()
    notes = view.tells.notes if view.tells is not None else None
    for token, text in enumerate(_texts(view, block), block.start):
        weight, note = weights[token - block.start], notes[token] if notes is not None else ""
        glyphs = [hidden(character) or character for character in text]
        sizes = [sum(map(get_character_cell_size, glyph)) for glyph in glyphs]
        whole = sum(sizes)
        used += parted and bool(line)
        if line and used + whole > width >= whole:
            yield _dotted(line, begins, False)
            line, used, begins = [], 0, False
        shown = ""
        for glyph, size in zip(glyphs, sizes, strict=True):
            if used and used + size > width:
                line += [Cell(token, shown, weight, note)] if shown else []
                yield _dotted(line, begins, False)
                line, shown, used, begins = [], "", 0, False
            shown += glyph
            used += size
            if glyph == LINE_BREAK:
                line.append(Cell(token, shown, weight, note))
                yield _dotted(line, begins, True)
                line, shown, used, begins = [], "", 0, False
        if shown:
            line.append(Cell(token, shown, weight, note))
    if line:
        yield _dotted(line, begins, True)


def _dotted(line: list[Cell], begins: bool, ends: bool) -> list[Cell]:
    """The line with dots for the spaces that begin a block or end a line."""
    text = "".join(cell.text for cell in line)
    if text.strip(" ") == text.removesuffix(LINE_BREAK).strip(" ") == text:
        return line
    tail = len(text.rstrip(LINE_BREAK).rstrip(" ")) if ends else len(text)
    first = len(text) - len(text.lstrip(" ")) if begins else 0
    out, position = [], 0
    for cell in line:
        shown = "".join(
            SPACE if c == " " and not first <= position + n < tail else c
            for n, c in enumerate(cell.text)
        )
        out.append(replace(cell, text=shown))
        position += len(cell.text)
    return out
