"""The rendered text cut into spans of one source, each with its part in the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from agentdata.templates.jinja.origin import (
    GIVEN_FIELDS,
    MESSAGE_FIELDS,
    TEMPLATE_FIELDS,
    Field,
    Origin,
)
from agentdata.templates.jinja.text import Text
from agentdata.templates.prompt import Kind


class Part(Enum):
    """What a span is to the model."""

    OWN = "own"
    """Words of the model's message."""
    GIVEN = "given"
    """Words of anybody else."""
    FRAME = "frame"
    """What the template wrote around them."""


# Not frozen, as it grows while a text is read; not changed by anyone else.
@dataclass(slots=True)
class Span:
    """Characters [start, end) of one source; `turn` is the message in whose turn of the template's
    loop they were written."""

    start: int
    end: int
    origin: Origin
    part: Part
    turn: int | None
    generated: bool

    @property
    def message(self) -> int | None:
        """The message that the span belongs to."""
        return self.origin.message if self.origin.message is not None else self.turn


_KINDS = {
    Field.CONTENT: Kind.CONTENT,
    Field.REASONING: Kind.REASONING,
    Field.CALL: Kind.TOOL_CALL,
}


def spans(text: Text, roles: Sequence[str]) -> list[Span]:
    """The spans of a text, in order. `roles` are those of the messages.

    What the template wrote in one go is one span, the role of the message at hand included; but
    what stands right before or after the tools remains apart, as it may tell of them.
    """
    out: list[Span] = []
    start = 0
    last: Span | None = None  # what the next piece of the template's own may go on with
    joint = 0  # where its last piece begins
    beside_tools = False
    for length, (origin, written, hint, generated) in text.runs:
        turn = written if written is not None else hint
        end = start + length
        if origin.field in TEMPLATE_FIELDS and origin.message in (None, turn):
            if last is not None and last.turn == turn and last.generated == generated:
                last.end, joint = end, start
            else:
                span = Span(start, end, origin, Part.FRAME, turn, generated)
                out.append(span)
                last, joint = (None if beside_tools else span), start
            beside_tools = False
        else:
            beside_tools = origin.field is Field.TOOLS
            if beside_tools and last is not None and joint > last.start:
                out.append(Span(joint, start, last.origin, Part.FRAME, last.turn, last.generated))
                last.end = joint
            last = None
            out.append(Span(start, end, origin, _part(origin, turn, roles), turn, generated))
        start = end
    return out


def own_kind(span: Span) -> Kind:
    """The kind of the model's own words."""
    return _KINDS[span.origin.field]


def _part(origin: Origin, turn: int | None, roles: Sequence[str]) -> Part:
    if origin.field in TEMPLATE_FIELDS:
        return Part.FRAME
    if origin.field in GIVEN_FIELDS:
        return Part.GIVEN
    if origin.field not in MESSAGE_FIELDS or origin.message is None:
        return Part.FRAME
    if roles[origin.message] != "assistant":
        return Part.GIVEN
    if origin.field not in _KINDS:
        return Part.FRAME  # the model's name, in the head of its turn
    # A tool's turn repeats the name of the call that it answers.
    repeated = origin.field is Field.CALL and turn is not None and roles[turn] == "tool"
    return Part.GIVEN if repeated else Part.OWN
