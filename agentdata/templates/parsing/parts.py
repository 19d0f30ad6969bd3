"""Where the names and arguments of calls stand in a prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from agentdata.call_text.base import Found
from agentdata.conversation import Conversation, ToolCall
from agentdata.templates.parsing.wire import Wire, read_text
from agentdata.templates.prompt import Kind, Prompt


@dataclass(frozen=True, slots=True)
class CallPart:
    """A call's name, or all its arguments, from `start` to `end` in characters of the prompt."""

    kind: Literal["tool_call.name", "tool_call.arguments"]
    start: int
    end: int


def call_parts(
    prompt: Prompt, conversation: Conversation, wire: Wire
) -> tuple[list[CallPart], int]:
    """The parts of all calls, in order, and the number of texts of calls whose parts are not known.

    They are those of the wire's parser, and known only where it reads back the calls that the
    conversation holds: a place is never guessed.
    """
    parts: list[CallPart] = []
    unknown = 0
    for position, message, text in call_texts(prompt):
        calls = () if message is None else conversation.messages[message].tool_calls
        found = _found(text, calls, wire)
        unknown += found is None
        for call in found or ():
            start, end = call.name
            parts.append(CallPart("tool_call.name", position + start, position + end))
            start, end = call.arguments
            parts.append(CallPart("tool_call.arguments", position + start, position + end))
    return parts, unknown


def call_texts(prompt: Prompt) -> Iterator[tuple[int, int | None, str]]:
    """What the model writes as calls: (start in characters, index of the message, text)."""
    position = 0
    for (is_call, message), group in groupby(
        prompt.segments, lambda s: (s.kind is Kind.TOOL_CALL and s.trainable, s.message)
    ):
        text = "".join(segment.text for segment in group)
        if is_call:
            yield position, message, text
        position += len(text)


def _found(text: str, calls: Sequence[ToolCall], wire: Wire) -> list[Found] | None:
    def is_text(number: int, name: str, key: str) -> bool:
        arguments = calls[number].arguments if number < len(calls) else {}
        return isinstance(arguments, dict) and isinstance(arguments.get(key), str)

    found = read_text(wire, text, is_text)[1].calls
    read = [(one.call.name, one.call.arguments) for one in found]
    return found if read == [(call.name, call.arguments) for call in calls] else None
