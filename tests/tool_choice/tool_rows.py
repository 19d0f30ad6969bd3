"""Conversations and tools for the suites of this folder."""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.formats.common.tools import read_tool

NAMES = ("get_tide", "get_ferry", "book_ferry", "get_weather", "play_song", "search")
TEXTS = (
    "High and low water of a harbour.",
    "Departures of a ferry line.",
    "Books a place on a ferry.",
    "The weather of a place:" + " sun, rain, snow, wind, fog" * 12,
    "Plays a song.",
    "Looks anything up.",
)


def tool(name: str, description: str = "", **properties: Any) -> ToolSpec:
    parameters = {"type": "object", "properties": properties}
    return read_tool({"name": name, "description": description, "parameters": parameters}, "")


TOOLS = tuple(tool(name, text) for name, text in zip(NAMES, TEXTS, strict=True))


def talk(
    *calls: str, id_: str = "row", ask: str = "Go on.", say: str = "", **fields: Any
) -> Conversation:
    """A question, an answer that makes these calls, and their results."""
    made = tuple(ToolCall(name, {}) for name in calls)
    results = tuple(Message("tool", "ok") for _ in calls)
    messages = (Message("user", ask), Message("assistant", say, tool_calls=made), *results)
    return Conversation(id_, (*messages, Message("assistant", "Done.")), tools=TOOLS, **fields)
