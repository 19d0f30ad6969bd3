"""Finds the model's turns in a rendered text: where its own words begin and end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agentdata.templates.jinja.spans import Part, Span

MARK = re.compile(r"<[^<>\s]{1,64}>|\[[^\[\]\s]{1,48}\]")
"""How templates write marks: `<|im_end|>`, `</s>`, `[/INST]`."""


# Not frozen, as it is put together in steps; not changed by anyone else.
@dataclass(slots=True)
class Turn:
    """A turn of the model. `message` is its first message; its own words begin at `start` and end
    at `end` (both the same in an empty turn); `first` and `last` are the indices of their spans.
    `before` is where the words before end, or what the template wrote in other turns of its loop;
    `after` is where the next words begin. In between is nothing but the template's frame. `near` is
    where the frame that belongs to this turn of the loop ends, `edge` where that ends which belongs
    to this one or to none.
    """

    message: int
    start: int
    end: int
    first: int
    last: int
    before: int = 0
    after: int = 0
    near: int = 0
    edge: int = 0

    @property
    def empty(self) -> bool:
        return self.start == self.end


def find_turns(
    text: str, spans: Sequence[Span], roles: Sequence[str], stops: Sequence[str]
) -> list[Turn]:
    """The model's turns in order.

    Own words go on with the turn before if the template wrote both in one turn of its loop, with
    nobody else's words between; where the template's loop is not known, if no stop stands between.
    """
    turns: list[Turn] = []
    owner: int | None = None
    open_turn: Turn | None = None
    spoken: set[int | None] = set()
    for index, span in enumerate(spans):
        if span.part is Part.GIVEN:
            open_turn = None
        elif span.part is Part.OWN:
            message = span.message
            spoken.add(message)
            spoken.add(span.turn)
            same = open_turn is not None and (
                owner == span.turn
                if owner is not None and span.turn is not None
                else not any(stop in text[open_turn.end : span.start] for stop in stops)
            )
            if same and open_turn is not None:
                open_turn.end, open_turn.last = span.end, index
            else:
                assert message is not None
                open_turn = Turn(message, span.start, span.end, index, index)
                turns.append(open_turn)
            owner = span.turn
    turns += _empty_turns(spans, roles, spoken)
    turns.sort(key=lambda turn: (turn.start, turn.end))
    for turn in turns:
        _bound(turn, spans)
    return turns


def _empty_turns(
    spans: Sequence[Span], roles: Sequence[str], spoken: set[int | None]
) -> list[Turn]:
    """Turns of which the template wrote no more than the frame."""
    silent = {
        number for number, role in enumerate(roles) if role == "assistant" and number not in spoken
    }
    turns: list[Turn] = []
    for index, span in enumerate(spans) if silent else ():
        if span.part is Part.FRAME and span.turn is not None and span.turn in silent:
            silent.remove(span.turn)
            turns.append(Turn(span.turn, span.start, span.start, index, index - 1))
    return turns


def _bound(turn: Turn, spans: Sequence[Span]) -> None:
    """Sets `before`, `after`, `near` and `edge`."""
    total = spans[-1].end if spans else 0
    first = turn.first - 1
    own_turn = turn_of(turn, spans)
    while first >= 0 and spans[first].part is Part.FRAME and spans[first].turn in (None, own_turn):
        first -= 1
    near: int | None = None
    edge: int | None = None
    last = turn.last + 1
    while last < len(spans) and spans[last].part is Part.FRAME:
        if near is None and spans[last].turn != own_turn:
            near = spans[last].start
        if edge is None and spans[last].turn not in (None, own_turn):
            edge = spans[last].start
        last += 1
    turn.before = spans[first].end if first >= 0 else 0
    turn.after = spans[last].start if last < len(spans) else total
    turn.near = turn.after if near is None else near
    turn.edge = turn.after if edge is None else edge


def turn_of(turn: Turn, spans: Sequence[Span]) -> int | None:
    """The message in whose turn of the template's loop the turn was written."""
    return turn.message if turn.empty else spans[turn.last].turn


def common_prefix(one: str, other: str) -> int:
    """How many characters two texts share from the start."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if other.startswith(one[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low


def loose_prefix(text: str, expected: str) -> tuple[int, bool]:
    """How much of a text is the start of another but for the amount of white space, and whether it
    is all of that other. Templates with stray white space write more or less of it by branch."""
    i = j = 0
    while j < len(expected):
        if expected[j].isspace():
            j += len(expected[j:]) - len(expected[j:].lstrip())
            i += len(text[i:]) - len(text[i:].lstrip())
        elif i < len(text) and text[i] == expected[j]:
            i, j = i + 1, j + 1
        elif i < len(text) and text[i].isspace():
            i += len(text[i:]) - len(text[i:].lstrip())
        else:
            return i, False
    return i, True


def outside_marks(position: int, *texts: str) -> int:
    """The position, moved back to the start of a mark that it lies inside of."""
    for text in texts:
        for match in MARK.finditer(text):
            if match.start() < position < match.end():
                position = match.start()
    return position
