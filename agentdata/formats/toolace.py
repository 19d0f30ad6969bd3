"""ToolACE: calls in Python's syntax, `[f(a=1), g()]`, in the assistant's text; the tools are a list
inside the system text or a column.

The list of tools and the sentence that says how to write calls go from the system text, since a
template says both in its own words. Text that is no list of calls stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation, Message, ToolSpec
from agentdata.errors import RowError
from agentdata.formats import sharegpt
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import text_warnings
from agentdata.formats.common.chat import messages_key, read_chat, roles_of
from agentdata.formats.common.embedded import take_list
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.python_calls import read_python_calls
from agentdata.formats.common.rows import ChatMessage, Row, ShareTurn
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check, first_value

DIALECT = replace(sharegpt.DIALECT, messages=("conversations", "messages"))
_ASSISTANTS = frozenset({"assistant", "gpt", "bot", "model"})
_LIST = re.compile(
    r"(?:here is|below is|following is) a list of functions in json format[^\[\n]*\n?\s*\[",
    re.IGNORECASE,
)
_HOW_TO_CALL = re.compile(
    r"(?:\s*\.)?\s*Should you decide to return the function call\(s\)"
    r".*?NO other text MUST be included\.?\s*",
    re.DOTALL,
)


class ToolAceRow(Row):
    """A row of `toolace`; the turns may be the list written as text."""

    conversations: list[ShareTurn] | str | None = None
    messages: list[ChatMessage] | str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by an assistant's text that is a list of calls in Python's syntax, or a system text
    that asks for them."""
    row = unfold(row)
    roles = roles_of(row, DIALECT)
    if roles is None:
        return Fit.NO
    system = row.get("system")
    if isinstance(system, str) and _HOW_TO_CALL.search(system):
        return Fit.MARKED
    for role, turn in zip(roles, row[messages_key(row, DIALECT) or ""], strict=True):
        text = first_value(turn, DIALECT.content)
        if not isinstance(text, str):
            continue
        if role == "system" and _HOW_TO_CALL.search(text):
            return Fit.MARKED
        if role in _ASSISTANTS and _calls(text, {}):
            return Fit.MARKED
    return Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(ToolAceRow, row)
    conversation = read_chat(row, DIALECT)
    tools, messages = conversation.tools, list(conversation.messages)
    if messages[0].role == "system":
        found, text = _read_system(messages[0].text)
        tools = tools or found
        messages[:1] = [Message("system", text)] if text else []
    names = {tool.name: list(_properties(tool)) for tool in tools}
    if not messages:
        raise RowError("no_messages", "the row has no messages but the tools", pointer="/system")
    read = [_with_calls(message, names) for message in messages]
    called = [new for new, old in zip(read, messages, strict=True) if new is not old]
    warnings = conversation.warnings + text_warnings(called)
    return replace(conversation, messages=tuple(read), tools=tools, warnings=warnings)


def _read_system(text: str) -> tuple[tuple[ToolSpec, ...], str]:
    found, rest = take_list(text, _LIST)
    try:
        tools = read_tools(found, "/system")
    except RowError:
        return (), text
    return tools, _HOW_TO_CALL.sub("", rest).strip() if tools else text


def _properties(tool: ToolSpec) -> Mapping[str, Any]:
    properties = (tool.parameters or {}).get("properties")
    return properties if isinstance(properties, dict) else {}


def _with_calls(message: Message, names: Mapping[str, Sequence[str]]) -> Message:
    if message.role != "assistant" or message.tool_calls or not isinstance(message.content, str):
        return message
    calls = _calls(message.content, names)
    return replace(message, content="", tool_calls=calls) if calls else message


def _calls(text: str, names: Mapping[str, Sequence[str]]) -> Any:
    return read_python_calls(text, names) if text.lstrip().startswith("[") else None


FORMAT = Format(
    name="toolace",
    summary="conversations with calls in Python's syntax, [f(a=1)] (ToolACE)",
    row_model=ToolAceRow,
    detect=detect,
    read=read,
)
