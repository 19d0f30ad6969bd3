"""The place in the raw row of a place in its conversation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agentdata.conversation import Conversation, Part
from agentdata.formats.common.media import COLUMNS

_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "tool_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "tool_response": "tool",
    "function_response": "tool",
}
_MESSAGE = re.compile(r"/messages/(\d+)(?:/tool_calls/(\d+))?")
_TOOL = re.compile(r"/tools/(\d+)")
_MEDIA = re.compile(r"/media/(\d+)")


def raw_pointer(row: Mapping[str, Any], conversation: Conversation, pointer: str) -> str:
    """The JSON pointer in the raw row of what `pointer` names in the conversation: a message, call
    or tool, or an item of media (of one within a message: that message). "" where the row's
    messages and the conversation's are not one for one.
    """
    tool = _TOOL.match(pointer)
    if tool:
        listed = row.get("tools")
        same = isinstance(listed, list) and len(listed) == len(conversation.tools)
        return tool[0] if same else ""
    item = _MEDIA.match(pointer)
    if item:
        return _media(row, conversation, int(item[1]))
    place = _MESSAGE.match(pointer)
    if not place:
        return ""
    wanted = [message.role for message in conversation.messages]
    for key, turns in row.items():
        roles = _roles(turns)
        # A system text of the row's own stands before its messages.
        before = len(wanted) - len(roles)
        if not roles or before not in (0, 1) or wanted[before:] != roles:
            continue
        index = int(place[1]) - before
        if index < 0 or (before and wanted[0] != "system"):
            return ""
        calls = turns[index].get("tool_calls")
        made = conversation.messages[index + before].tool_calls
        one_for_one = isinstance(calls, list) and len(calls) == len(made)
        inner = f"/tool_calls/{place[2]}" if place[2] and one_for_one else ""
        return f"/{key}/{index}{inner}"
    return ""


def _media(row: Mapping[str, Any], conversation: Conversation, number: int) -> str:
    """Readers take in the columns first, in the order of `COLUMNS`, then the parts of messages."""
    before = 0
    for column in COLUMNS:
        value = row.get(column)
        count = len(value) if isinstance(value, list) else int(bool(value))
        if number < before + count:
            return f"/{column}/{number - before}" if isinstance(value, list) else f"/{column}"
        before += count
    for index, message in enumerate(conversation.messages):
        if any(part.media == number for part in message.content if isinstance(part, Part)):
            return raw_pointer(row, conversation, f"/messages/{index}")
    return ""


def _roles(turns: Any) -> list[str]:
    """The roles of a list of messages; [] where it is none."""
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        return []
    written = [turn.get("role") or turn.get("from") for turn in turns]
    roles = [_ROLES.get(role, "") if isinstance(role, str) else "" for role in written]
    return roles if all(roles) else []
