"""Views as lines of a terminal: weights as colours, or in words where there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentdata.show.explain import why
from agentdata.show.lines import Line, lines, run_text
from agentdata.show.scale import step_of
from agentdata.show.view import CUT, NoView, Seen, TokenView, runs
from agentdata.show.visible import visible

KIND_WIDTH = 12
WEIGHT_WIDTH = 7
PIPED_WIDTH = 110
"""Columns where there is no terminal."""

_SIGNS = "⏎ line break, ⇥ tab, · space at an end"
RESET = "\x1b[0m"
BOLD = "\x1b[1m"


def render(seen: Sequence[Seen], *, colours: bool, width: int, explain: bool) -> Iterator[str]:
    """The lines of rows, without line breaks; each is made when it is asked for."""
    shown = [view for view in seen if isinstance(view, TokenView)]
    if shown:
        yield from legend(shown, colours)
    for number, view in enumerate(seen):
        if number:
            yield ""
        yield from head(view, colours)
        if isinstance(view, NoView):
            yield from _no_view(view)
        elif explain:
            yield from _explained(view, colours, width)
        else:
            yield from _tokens(view, colours, width)


def legend(shown: Sequence[TokenView], colours: bool) -> Iterator[str]:
    """What the colours, or the signs, mean."""
    if not colours:
        yield f"kind, message, weight, tokens parted by │; {_SIGNS}"
        return
    weights = sorted({weight for view in shown for weight in set(view.weights.tolist())})
    steps = dict.fromkeys(step_of(weight) for weight in weights)
    said = "  ".join(f"{step.ansi} {step.name} {RESET}" for step in steps)
    yield f"weight: {said}   every other token is underlined; {_SIGNS}"


def head(view: Seen, colours: bool) -> Iterator[str]:
    """The title of a row, and what there is to say of it."""
    place = view.place
    where = visible(place.source) + (f":{place.line}" if place.line is not None else "")
    title = f"row {place.number}  {visible(place.id)}  ({where})"
    yield f"{BOLD}{title}{RESET}" if colours else title
    if isinstance(view, NoView):
        return
    yield "  ".join(f"{key} {visible(value)}" for key, value in view.about.items())
    count, trained = len(view.ids), int((view.weights > 0).sum())
    share = trained / count if count else 0.0
    total = float(view.weights.sum(dtype="float64"))
    said = f"{count:,} tokens, {trained:,} trained ({share:.1%}), weights add up to {total:,.6g}"
    if view.tells is not None:
        said += f", {int(view.tells.straddling.sum()):,} over several weights"
    yield said
    for note in view.notes:
        yield f"note: {note}"


def _no_view(view: NoView) -> Iterator[str]:
    yield f"rejected [{view.code}] {view.message}"
    if view.pointer:
        yield f"at {view.pointer}"


def _tokens(view: TokenView, colours: bool, width: int) -> Iterator[str]:
    room = max(width - KIND_WIDTH - WEIGHT_WIDTH - 7, 20)
    for line in lines(view, room, parted=not colours):
        kind = line.kind if line.first else ""
        number = f"#{line.message}" if line.first and line.message >= 0 else ""
        weights = weights_of(line, WEIGHT_WIDTH)
        margin = f"{kind:{KIND_WIDTH}}{number:>4} {weights:>{WEIGHT_WIDTH}} ┃"
        if colours:
            # A line of which nothing is trained is dim as a whole; kinds of others stand out.
            style = BOLD if any(line.weights) else step_of(0).ansi
            margin = f"{style}{margin}{RESET}"
        yield margin + painted(line, colours)


def weights_of(line: Line, width: int) -> str:
    """The weights of a line in at most `width` columns."""
    said = " ".join(format(weight, ".4g") for weight in line.weights)
    if len(said) > width:
        said = f"{min(line.weights):.3g}..{max(line.weights):.3g}"
    return said if len(said) <= width else "…"


def painted(line: Line, colours: bool) -> str:
    """The tokens of a line: in the colours of their weights, every other one underlined; or
    parted by bars."""
    if not colours:
        return "│".join(cell.text for cell in line.cells)
    out = []
    for cell in line.cells:
        style = step_of(cell.weight).ansi
        if cell.token % 2:
            style += "\x1b[4m"
        if cell.note == CUT:
            style += "\x1b[9m"
        out.append(f"{style}{cell.text}{RESET}")
    return "".join(out)


def _explained(view: TokenView, colours: bool, width: int) -> Iterator[str]:
    """A line for each run: where, how many, weight, kind and message, what set it, and the text."""
    roles = view.tells.roles if view.tells is not None else ()
    for run in runs(view):
        of = f"#{run.message} {roles[run.message]}" if run.message >= 0 else ""
        mark = " mark" if run.mark else ""
        tokens = f"{run.start}-{run.end - 1}" if run.end - run.start > 1 else f"{run.start}"
        said = f"{tokens:>13}  {run.weight:<6.4g} {run.kind + mark:17} {of:13} {why(run)}"
        style = step_of(run.weight).ansi
        yield f"{style}{said}{RESET}" if colours else said
        text = visible(run_text(view, run.start, run.end))
        room = max(width - 18, 20)
        yield " " * 15 + (text if len(text) <= room else f"{text[: room - 1]}…")
