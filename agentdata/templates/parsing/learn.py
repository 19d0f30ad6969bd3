"""The wire of a template that only says how it writes: found by what it makes of a sample."""

from __future__ import annotations

from collections.abc import Callable

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.errors import AgentDataError
from agentdata.templates.parsing.parts import call_parts
from agentdata.templates.parsing.wire import Wire
from agentdata.templates.parsing.wires import ALL_WIRES
from agentdata.templates.prompt import Prompt

_CALLS = (
    ToolCall("look_up", {"words": "two words", "days": 2, "rows": [{"a": "b c"}]}, "call00001"),
    ToolCall("count_all", {"days": 3}, "call00002"),
)


def learn_wire(render: Callable[[Conversation], Prompt]) -> Wire | None:
    """The first wire that reads back the calls of a sample as `render` writes them; None if none
    does. Templates that take one call at a time are tried with one."""
    for calls in (_CALLS, _CALLS[:1]):
        sample = _sample(calls)
        try:
            prompt = render(sample)
        except AgentDataError:
            continue
        for wire in ALL_WIRES:
            parts, unknown = call_parts(prompt, sample, wire)
            if parts and not unknown:
                return wire
    return None


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
