"""The tokens of a view laid out in lines, for a terminal and for comparisons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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


def token_texts(view: TokenView) -> list[str]:
    """What to show of each token: its characters, or its bytes where it holds parts of one."""
    shared = view.shares_characters().tolist()
    spans = zip(view.starts.tolist(), view.ends.tolist(), strict=True)
    return [
        view.pieces[index].decode("utf-8", "surrogateescape")
        if shared[index]
        else view.text[start:end]
        for index, (start, end) in enumerate(spans)
    ]


def run_text(view: TokenView, start: int, end: int) -> str:
    """The text under the tokens [`start`, `end`)."""
    return view.text[int(view.starts[start]) : int(view.ends[end - 1])]


def lines(view: TokenView, width: int) -> Iterator[Line]:
    """The lines of a view: blocks apart, broken where the text is, and after `width` columns.

    A space at the end of a line, or alone at its beginning, is shown as a dot.
    """
    texts = token_texts(view)
    weights = view.weights.tolist()
    notes = view.tells.notes if view.tells is not None else ("",) * len(weights)
    roles = view.tells.roles if view.tells is not None else ()
    for block in blocks(view):
        role = roles[block.message] if 0 <= block.message < len(roles) else ""
        first = True
        for cells in _wrapped(block, texts, weights, notes, width):
            yield Line(tuple(cells), block.kind, block.message, role, first)
            first = False


def _wrapped(
    block: Block, texts: list[str], weights: list[float], notes: tuple[str, ...], width: int
) -> Iterator[list[Cell]]:
    line: list[Cell] = []
    used = 0
    for token in range(block.start, block.end):
        weight, note = weights[token], notes[token]
        glyphs = [hidden(character) or character for character in texts[token]]
        sizes = [sum(map(get_character_cell_size, glyph)) for glyph in glyphs]
        whole = sum(sizes)
        if used and used + whole > width >= whole:
            yield line
            line, used = [], 0
        shown = ""
        for glyph, size in zip(glyphs, sizes, strict=True):
            if used and used + size > width:
                line += [Cell(token, shown, weight, note)] if shown else []
                yield line
                line, shown, used = [], "", 0
            shown += glyph
            used += size
            if glyph == LINE_BREAK:
                line.append(Cell(token, shown, weight, note))
                yield _dotted(line)
                line, shown, used = [], "", 0
        if shown:
            line.append(Cell(token, shown, weight, note))
    if line:
        yield _dotted(line)


def _dotted(line: list[Cell]) -> list[Cell]:
    """The line with the spaces at its ends as dots."""
    text = "".join(cell.text for cell in line)
    body = text.rstrip(" " + LINE_BREAK)
    head = len(text) - len(text.lstrip(" "))
    out, position = [], 0
    for cell in line:
        shown = "".join(
            SPACE if c == " " and (position + n < head or position + n >= len(body)) else c
            for n, c in enumerate(cell.text)
        )
        out.append(Cell(cell.token, shown, cell.weight, cell.note))
        position += len(cell.text)
    return out
