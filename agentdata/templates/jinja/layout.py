"""Cuts the model's turns into what opens them, what the model writes, and what ends them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agentdata.conversation import Message
from agentdata.errors import RowError
from agentdata.templates.jinja.marks import Marks
from agentdata.templates.jinja.origin import Field
from agentdata.templates.jinja.spans import Part, Span, own_kind
from agentdata.templates.jinja.turns import Turn
from agentdata.templates.prompt import Kind


@dataclass(frozen=True, slots=True)
class Region:
    """Characters [start, end) of the model's turn of `message`. `injected` is what the template
    put into the turn by itself (an empty think block)."""

    start: int
    end: int
    kind: Kind
    message: int
    injected: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """How much of the frame before the model's words a server writes (`header`), and how much
    more the template puts in by itself (`injected`); both in characters from its start."""

    header: int
    injected: int


def lay_out(
    text: str,
    spans: Sequence[Span],
    turns: Sequence[Turn],
    messages: Sequence[Message],
    marks: Marks,
    opening: Callable[[str, int, bool], Opening],
) -> tuple[list[Region], list[int]]:
    """The regions of all turns in order, and the messages whose turns have no end.

    `opening(frame, message, thinks)` judges the frame before a turn's first words. Raises RowError
    `template_untracked` where text of unknown source stands in a turn.
    """
    regions: list[Region] = []
    endless: list[int] = []
    done = 0
    for turn in turns:
        start = max(turn.before, done)
        thinks = not turn.empty and spans[turn.first].origin.field is Field.REASONING
        thinks = thinks or messages[turn.message].reasoning == ""
        frame = text[start : turn.after if turn.empty else turn.start]
        opened = opening(frame, turn.message, thinks)
        begin, own_from = start + opened.header, start + opened.injected
        begin = min(begin, _first_generated(spans, turn, start, begin))
        tail_from = max(turn.end, own_from)
        body_end, stop = _end(text, turn, tail_from, marks)
        if own_from > begin:
            regions.append(Region(begin, own_from, Kind.REASONING, turn.message, injected=True))
        regions += _body(text, spans, turn, own_from, body_end, marks)
        done = body_end
        if stop:
            regions.append(Region(*stop, Kind.END_OF_TURN, turn.message))
            done = stop[1]
        else:
            endless.append(turn.message)
    return regions, endless


def _first_generated(spans: Sequence[Span], turn: Turn, start: int, begin: int) -> int:
    """Where `{% generation %}` opens in the head of a turn, `begin` if it does not."""
    index = turn.first - 1
    while index >= 0 and spans[index].end > start:
        if spans[index].generated:
            begin = min(begin, max(spans[index].start, start))
        index -= 1
    return begin


def _end(text: str, turn: Turn, start: int, marks: Marks) -> tuple[int, tuple[int, int] | None]:
    """Where the model's text ends in the frame that begins at `start`, and where its stop stands.

    The stop is in the frame of the turn itself, or the first in what belongs to no turn, or, for
    templates that write none, what begins the next turn.
    """
    near = text[start : max(turn.near, start)]
    found = marks.stop_in(near)
    if found:
        return start + found[0], (start + found[0], start + found[1])
    far_from = max(turn.near, start)
    far = marks.first_stop_in(text[far_from : max(turn.edge, start)])
    if far:
        return far_from + far[0], (far_from + far[0], far_from + far[1])
    body_end = start + len(near.rstrip())
    following = marks.next_mark_in(text[turn.edge : turn.after])
    if following:
        return body_end, (turn.edge + following[0], turn.edge + following[1])
    return body_end, None


def _body(
    text: str, spans: Sequence[Span], turn: Turn, start: int, end: int, marks: Marks
) -> list[Region]:
    """What the model writes: its words by their kinds, with the marks around them."""
    if end <= start:
        return []
    if turn.empty:
        return [Region(start, end, Kind.CONTENT, turn.message)]
    out: list[Region] = []
    previous: Span | None = None
    position = start

    def add(until: int, kind: Kind, message: int) -> None:
        nonlocal position
        if until > position:
            out.append(Region(position, until, kind, message))
            position = until

    for span in spans[turn.first : turn.last + 1]:
        if span.origin.field is Field.UNKNOWN:
            raise RowError(
                "template_untracked",
                "the chat template makes text in the model's turn in a way that hides its source: "
                f"{text[span.start : span.end][:60]!r}",
                remedy="choose another --template",
            )
        if span.part is not Part.OWN:
            continue
        kind, message = own_kind(span), span.message
        assert message is not None
        if previous is not None:
            gap = text[previous.end : span.start]
            before = own_kind(previous)
            closing = marks.end_of_thinking(gap) if before is Kind.REASONING else None
            if closing is not None:
                add(previous.end + closing, Kind.REASONING, message)
            elif before is Kind.TOOL_CALL:
                add(span.start, Kind.TOOL_CALL, message)
            elif before is Kind.REASONING and kind is Kind.CONTENT:
                add(span.start, Kind.REASONING, message)
        add(span.end, kind, message)
        previous = span
    assert previous is not None
    kind, message = own_kind(previous), previous.message
    assert message is not None
    closing = marks.end_of_thinking(text[position:end]) if kind is Kind.REASONING else None
    if closing is not None:
        add(position + closing, Kind.REASONING, message)
        kind = Kind.CONTENT
    add(end, kind, message)
    return out
