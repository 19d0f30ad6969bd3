"""Glaive function calling v2: a system text and a chat text with labelled turns.

`system` lists the tools as JSON objects behind an instruction; in `chat` a call is
`<functioncall> {"name": ..., "arguments": '{...}'}`, with the arguments in single quotes, so that
it is no JSON. Source: glaiveai/glaive-function-calling-v2.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats import sharegpt
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_arguments, read_call
from agentdata.formats.common.chat import messages_key, model_writes, read_chat, roles_of
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.json_run import json_run
from agentdata.formats.common.replies import results_apart
from agentdata.formats.common.rows import Row, ShareTurn
from agentdata.formats.common.tools import read_tool
from agentdata.formats.common.turns import labelled_turns
from agentdata.formats.common.values import check, json_or_none, row_id

CALL = "<functioncall>"
_TURNS = replace(sharegpt.DIALECT, messages=("conversations", "messages"), system=())
_END = "<|endoftext|>"
_LABEL = re.compile(r"(?:\A|\n\n)\s*(USER|ASSISTANT|FUNCTION RESPONSE):")
_SYSTEM = re.compile(r"\A\s*SYSTEM:\s*")
_QUOTED = re.compile(
    r"""\{\s*["']name["']:\s*"(?P<name>[^"]+)",\s*["']arguments["']:\s*'(?P<arguments>.*)'\s*\}""",
    re.DOTALL,
)


class GlaiveRow(Row):
    """A row of `glaive`: `chat` and `system`, or the same as a list of turns."""

    chat: str | None = None
    conversations: list[ShareTurn] | str | None = None
    messages: list[ShareTurn] | str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a `chat` text that begins with `USER:` or `ASSISTANT:`, or a list of turns with
    `<functioncall>` in a text of the model."""
    chat = row.get("chat")
    if chat is None:
        row = unfold(row)
        if model_writes(row, _TURNS, lambda text: isinstance(text, str) and CALL in text):
            return Fit.MARKED
        return Fit.NO if roles_of(row, _TURNS) is None else Fit.READABLE
    return Fit.MARKED if isinstance(chat, str) and _LABEL.match(chat.lstrip()) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row.

    Raises RowError: `no_messages`, `bad_tool_call` (a call that is neither JSON nor has its
    arguments in quotes), `bad_tool`.
    """
    row = unfold(row, strict=True)
    check(GlaiveRow, row)
    if row.get("chat") is None:
        try:
            return _read_turns(results_apart(read_chat(row, _TURNS)))
        except RowError as error:
            key = messages_key(row, _TURNS) or "conversations"
            at = error.pointer.replace("/chat", f"/{key}").replace("/system", f"/{key}")
            raise RowError(error.code, error.message, pointer=at) from None
    warnings: list[str] = []
    tools, system = _read_system(row.get("system") or "")
    messages = [Message("system", system)] if system else []
    for label, text in labelled_turns(row["chat"], _LABEL):
        said = text.removesuffix(_END).rstrip()
        if label == "ASSISTANT":
            messages.append(_read_assistant(said, warnings))
        else:
            messages.append(Message("tool" if label == "FUNCTION RESPONSE" else "user", said))
    if all(message.role == "system" for message in messages):
        raise RowError("no_messages", "the chat has no turns", pointer="/chat")
    return Conversation(row_id(row), tuple(messages), tools, warnings=tuple(warnings))


def _read_turns(conversation: Conversation) -> Conversation:
    warnings = list(conversation.warnings)
    tools = conversation.tools
    messages: list[Message] = []
    for message in conversation.messages:
        if message.role == "system":
            found, text = _read_system(message.text)
            tools += found
            message = replace(message, content=text)
        elif message.role == "assistant" and CALL in message.text:
            read = _read_assistant(message.text, warnings)
            message = replace(message, content=read.content, tool_calls=read.tool_calls)
        messages.append(message)
    return replace(conversation, messages=tuple(messages), tools=tools, warnings=tuple(warnings))


def _read_system(text: str) -> tuple[tuple[ToolSpec, ...], str]:
    """The tools of a system text, and what it says before and behind them."""
    text = _SYSTEM.sub("", text).strip()
    start = text.find("{")
    values, end = json_run(text, start) if start >= 0 else ([], 0)
    if not values:
        return (), text
    said = (text[:start].rstrip(" \n-"), text[end:].strip())
    tools = tuple(read_tool(value, "/system") for value in values)
    return tools, "\n\n".join(part for part in said if part)


def _read_assistant(text: str, warnings: list[str]) -> Message:
    said, mark, written = text.partition(CALL)
    if not mark:
        return Message("assistant", text)
    calls = tuple(_read_call(call, warnings) for call in written.split(CALL))
    return Message("assistant", said.strip(), tool_calls=calls)


def _read_call(text: str, warnings: list[str]) -> ToolCall:
    text = text.strip().removesuffix(_END).rstrip()
    call = json_or_none(text)
    if call is not None:
        return read_call(call, "/chat", warnings)
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        raise RowError("bad_tool_call", "a <functioncall> is no call", pointer="/chat")
    arguments = quoted["arguments"]
    if json_or_none(arguments) is None:
        # In single quotes, a quote inside is escaped for them too.
        unescaped = arguments.replace("\\'", "'")
        arguments = unescaped if json_or_none(unescaped) is not None else arguments
    return ToolCall(quoted["name"], read_arguments(arguments, warnings))


FORMAT = Format(
    name="glaive",
    summary="glaive-function-calling-v2: system and chat as text, <functioncall>",
    row_model=GlaiveRow,
    detect=detect,
    read=read,
)
