"""A short conversation that shows all that a template writes: tools, reasoning, parallel calls."""

from __future__ import annotations

from dataclasses import replace

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec

_SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Name of the city"},
        "days": {"type": "integer"},
    },
    "required": ["city"],
}
_WEATHER = {"name": "get_weather", "description": "Weather forecast", "parameters": _SCHEMA}

SAMPLE = Conversation(
    id="sample",
    messages=(
        Message("system", "You are a travel assistant."),
        Message("user", "Oslo or Bergen this weekend?"),
        Message(
            "assistant",
            "Let me compare the two.",
            reasoning="Both forecasts are needed.",
            tool_calls=(
                ToolCall("get_weather", {"city": "Oslo", "days": 2}, "call_1"),
                ToolCall("get_weather", {"city": "Bergen", "days": 2}, "call_2"),
            ),
        ),
        Message("tool", '{"sky": "sun"}', tool_call_id="call_1"),
        Message("tool", '{"sky": "rain"}', tool_call_id="call_2"),
        Message("assistant", "Oslo: it will be sunny.", reasoning="Sun beats rain."),
        Message("user", "Thanks!"),
        Message("assistant", "Have a good trip."),
    ),
    tools=(
        ToolSpec(
            "get_weather", "Weather forecast", _SCHEMA, {"type": "function", "function": _WEATHER}
        ),
    ),
)

PLAIN_SAMPLE = replace(
    SAMPLE,
    messages=(
        SAMPLE.messages[1],
        replace(SAMPLE.messages[5], reasoning=None),
        *SAMPLE.messages[6:],
    ),
    tools=(),
)
"""The same without tools, reasoning and system prompt, for templates that know none of these."""
