"""A prompt as typed pieces: what stands where is known by construction, never searched for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import accumulate

from agentdata.values import value


class Kind(StrEnum):
    """What a piece of a prompt is."""

    BOS = "bos"
    """The token that begins a text."""
    SYSTEM = "system"
    """The system prompt's own words."""
    TOOLS = "tools"
    """The description of the tools on offer and how to call them."""
    USER = "user"
    """What the user wrote."""
    HEADER = "header"
    """Marks that open or close a turn of anyone but the model, and open the model's."""
    REASONING = "reasoning"
    """The model's thinking, with its marks."""
    CONTENT = "content"
    """What the model says."""
    TOOL_CALL = "tool_call"
    """The model's calls, with their marks."""
    TOOL_RESULT = "tool_result"
    """What a tool returned, with the marks around it."""
    END_OF_TURN = "end_of_turn"
    """What ends the model's turn: its stop token."""
    MEDIA = "media"
    """An image, video or audio."""

    # That of an Enum is far slower, and not that of the equal string.
    __hash__ = str.__hash__


# A member is looked up in its Enum in five times the time of a name, and each segment asks for
# several.
BOS, SYSTEM, TOOLS, USER = Kind.BOS, Kind.SYSTEM, Kind.TOOLS, Kind.USER
HEADER, REASONING, CONTENT = Kind.HEADER, Kind.REASONING, Kind.CONTENT
TOOL_CALL, TOOL_RESULT, END_OF_TURN = Kind.TOOL_CALL, Kind.TOOL_RESULT, Kind.END_OF_TURN


class Mark(str):
    """Text of a template's own, in which a special token is one. In all other text the letters of
    a special token are plain text."""

    __slots__ = ()


Piece = tuple[Kind, str]
"""A text with what it is; the text is a `Mark` or plain."""

Written = str | Sequence[str]
"""A text, or its parts, plain ones and marks."""


def parts(written: Written) -> Sequence[str]:
    """The parts of a text."""
    return (written,) if isinstance(written, str) else written


# Where many are made, all is given by its place: by names takes four times as long.
@value
class Segment:
    """A piece of the prompt.

    `message` is the index in `Conversation.messages`, None where no single message owns the text.
    `trainable` is what the model writes itself at inference. `control` is text that the template
    wrote and in which a special token is one; in all other text its characters are plain text.
    """

    text: str
    kind: Kind
    message: int | None = None
    trainable: bool = False
    control: bool = False


@dataclass(frozen=True)
class Prompt:
    """The whole prompt; `.text` is the concatenation of its segments. `warnings` are codes of what
    to know about it."""

    segments: tuple[Segment, ...]
    warnings: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        return "".join([segment.text for segment in self.segments])

    @cached_property
    def ends(self) -> list[int]:
        """The character at which each segment ends."""
        return list(accumulate([len(segment.text) for segment in self.segments]))


def cut_segments(segments: Sequence[Segment], start: int, end: int) -> tuple[Segment, ...]:
    """The segments of characters [start, end) of their text."""
    out = []
    position = 0
    for segment in segments:
        if position >= end:
            break
        text = segment.text[max(start - position, 0) : end - position]
        position += len(segment.text)
        if text and position > start:
            out.append(segment if text == segment.text else replace(segment, text=text))
    return tuple(out)
