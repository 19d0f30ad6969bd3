"""Conversations that show what a template does with its data."""

from __future__ import annotations

from dataclasses import replace

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec

_PARAMETERS = {
    "type": "object",
    "properties": {"harbour": {"type": "string", "description": "Which one"}},
    "required": ["harbour"],
}
_FUNCTION = {"name": "tide_table", "description": "Tides of a day.", "parameters": _PARAMETERS}
TOOL = ToolSpec("tide_table", "Tides of a day.", _PARAMETERS, _FUNCTION)

SYSTEM = Message("system", "Speak plainly.")
ASK = Message("user", "When is high water?")
REPLY = Message("assistant", "At noon.")
AGAIN = Message("user", "And tomorrow?")
REPLY_AGAIN = Message("assistant", "An hour later.")
CALL = Message(
    "assistant", tool_calls=(ToolCall("tide_table", {"harbour": "Cuxhaven"}, "call_a1"),)
)
SAYING_CALL = replace(CALL, content="Let me look.")
TWO_CALLS = replace(
    CALL, tool_calls=(*CALL.tool_calls, ToolCall("tide_table", {"harbour": "Emden"}, "call_b2"))
)
RESULT = Message("tool", "high 12:04", tool_call_id="call_a1")
OTHER_RESULT = Message("tool", "high 11:31", tool_call_id="call_b2")
THINKING = "The chart has it."


def thinking(message: Message) -> Message:
    """The message with reasoning."""
    return replace(message, reasoning=THINKING)


def sample(*messages: Message) -> Conversation:
    """A conversation of these messages; with the tool where one of them calls it."""
    tools = (TOOL,) if any(message.tool_calls for message in messages) else ()
    return Conversation("sample", messages, tools)


PLAIN = (
    sample(ASK, REPLY, AGAIN, REPLY_AGAIN),
    sample(SYSTEM, ASK, REPLY, AGAIN, REPLY_AGAIN),
)
CALLING = (
    sample(ASK, CALL, RESULT, REPLY),
    sample(SYSTEM, ASK, SAYING_CALL, RESULT, REPLY, AGAIN, REPLY_AGAIN),
    sample(ASK, TWO_CALLS, RESULT, OTHER_RESULT, REPLY),
)
REASONING = (
    sample(ASK, thinking(REPLY)),
    sample(ASK, thinking(CALL), RESULT, thinking(REPLY), AGAIN, thinking(REPLY_AGAIN)),
)
BEFORE: dict[str | None, tuple[Message, ...]] = {
    None: (),
    "system": (SYSTEM,),
    "user": (ASK,),
    "assistant": (ASK, REPLY),
    "tool": (ASK, CALL, RESULT),
}
"""Messages after which the model's turn opens, by the role of the last."""
