"""The wire of a template that only says how it writes: found by what it makes of a sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.errors import AgentDataError
from agentdata.templates.parsing.parts import call_parts, call_texts
from agentdata.templates.parsing.wire import Wire, read_text
from agentdata.templates.prompt import Prompt

_CALLS = (
    ToolCall("look_up", {"words": "two words", "days": 2, "rows": [{"a": "b c"}]}, "call00001"),
    ToolCall("count_all", {"days": 3}, "call00002"),
)


def learn_wire(render: Callable[[Conversation], Prompt], wires: Iterable[Wire]) -> Wire | None:
    """That of the wires which reads back the calls of a sample as `render` writes them, with the
    fewest faults and the least text left over; None if none does. Templates that take one call at a
    time are tried with one."""
    for calls in (_CALLS, _CALLS[:1]):
        sample = _sample(calls)
        try:
            prompt = render(sample)
        except AgentDataError:
            continue
        fitting = [wire for wire in wires if _reads(prompt, sample, wire)]
        if fitting:
            return min(fitting, key=lambda wire: _unread(prompt, wire))
    return None


def _reads(prompt: Prompt, sample: Conversation, wire: Wire) -> bool:
    parts, unknown = call_parts(prompt, sample, wire)
    return bool(parts) and not unknown


def _unread(prompt: Prompt, wire: Wire) -> tuple[int, int]:
    """The number of faults, and of characters that are in no call."""
    parsed = [read_text(wire, text)[0] for _, _, text in call_texts(prompt)]
    return sum(len(one.faults) for one in parsed), sum(len(one.content) for one in parsed)


def _sample(calls: tuple[ToolCall, ...]) -> Conversation:
    results = tuple(Message("tool", "5", tool_call_id=one.id, name=one.name) for one in calls)
    said = Message("assistant", tool_calls=calls)
    messages = (Message("user", "How many?"), said, *results, Message("assistant", "Five."))
    return Conversation("sample", messages, tuple(map(_tool, calls)))


def _tool(call: ToolCall) -> ToolSpec:
    types = {str: "string", int: "integer", list: "array"}
    arguments = call.arguments if isinstance(call.arguments, dict) else {}
    properties = {key: {"type": types[type(value)]} for key, value in arguments.items()}
    parameters = {"type": "object", "properties": properties}
    function = {"name": call.name, "description": "A tool.", "parameters": parameters}
    raw = {"type": "function", "function": function}
    return ToolSpec(call.name, "A tool.", parameters, raw)
