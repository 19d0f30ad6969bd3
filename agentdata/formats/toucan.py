"""Toucan: chat with `function_call`, with the tools between Kimi's marks in the system text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import Dialect, read_chat, roles_of
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.rows import ChatMessage, Row, ToolsField
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check

DIALECT = Dialect(roles=openai.DIALECT.roles, tools=("tools", "available_tools"))
_DECLARED = re.compile(
    r"\s*<\|im_system\|>tool_declare<\|im_middle\|>(?P<tools>.*?)<\|im_end\|>\s*", re.DOTALL
)


class ToucanRow(Row):
    """A row of `toucan`; the list may be written as text."""

    messages: list[ChatMessage] | str
    available_tools: ToolsField = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a system text that declares tools between Kimi's marks."""
    row = unfold(row)
    if roles_of(row, DIALECT) is None:
        return Fit.NO
    first = row["messages"][0]
    text = first.get("content")
    declares = isinstance(text, str) and _DECLARED.search(text) is not None
    return Fit.MARKED if declares and first["role"] == "system" else Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(ToucanRow, row)
    return take_declared_tools(read_chat(row, DIALECT))


def take_declared_tools(conversation: Conversation) -> Conversation:
    """The conversation with the tools that its system text declares between Kimi's marks, and
    without their text; the same where there are none that can be read."""
    first, *others = conversation.messages
    match = _DECLARED.search(first.text) if first.role == "system" else None
    if match is None:
        return conversation
    try:
        tools = read_tools(match["tools"], "/messages/0/content")
    except RowError:
        return conversation
    text = (first.text[: match.start()] + first.text[match.end() :]).strip()
    messages = (replace(first, content=text), *others) if text else tuple(others)
    if not messages:
        return conversation
    return replace(conversation, messages=messages, tools=tools or conversation.tools)


FORMAT = Format(
    name="toucan",
    summary="chat with function_call and tools between Kimi's marks in the system text (Toucan)",
    row_model=ToucanRow,
    detect=detect,
    read=read,
)
