"""ChatGLM3 and GLM-4: turns with a head line, as one text; or messages whose tool turn holds both
call and result.

A text is `<|role|>metadata`, a line break and the content. The metadata of a turn of the model is
the tool that it calls: the content is then `tool_call(...)` in Python's syntax inside a code fence,
plain code for the tool `interpreter`, or the arguments as JSON (GLM-4). A Markdown text gives a row
for each transcript in a code fence. In messages, the role `tool` has `name`, `parameters` and
`observation`. Source: PROMPT.md and finetune_demo of THUDM/ChatGLM3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.chat import Act, Dialect, messages_key, read_chat, roles_of
from agentdata.formats.common.fences import fenced_blocks, unfenced
from agentdata.formats.common.python_calls import read_python_calls
from agentdata.formats.common.rows import ChatMessage, Row
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check, row_id

DIALECT = Dialect(
    messages=("conversations", "messages"),
    content=("content", "observation"),
    roles={
        "system": Act.SYSTEM,
        "user": Act.USER,
        "assistant": Act.ASSISTANT,
        "tool": Act.TOOL,
        "observation": Act.TOOL,
    },
)
INTERPRETER = "interpreter"
_HEAD = re.compile(
    r"<\|(system|user|assistant|observation)\|>[ \t]*([\w.-]*)[ \t]*(?:#[^\n]*)?(?:\n|\Z)"
)
_BEGIN = re.compile(r"\s*(?:\[gMASK\]|<sop>|\bsop\b|\s)*(?=<\|)")
_TOOL_LIST = re.compile(r"^\[.*\]\s*\Z", re.MULTILINE | re.DOTALL)


class ChatGLM3Row(Row):
    """A row of `chatglm3`: one text, or messages."""

    text: str | None = None
    conversations: list[ChatMessage] | None = None
    messages: list[ChatMessage] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a `text` of head lines `<|user|>` and `<|assistant|>`, also inside code fences, or
    by a message of the role `tool` with an `observation`."""
    text = row.get("text")
    if isinstance(text, str) and "<|assistant|>" in text:
        return Fit.MARKED if _transcripts(text) else Fit.NO
    if roles_of(row, DIALECT) is None:
        return Fit.NO
    messages = row[messages_key(row, DIALECT) or ""]
    return Fit.MARKED if any("observation" in message for message in messages) else Fit.NO


def explode(row: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A row for each transcript in the text."""
    text = row.get("text") if detect(row) else None
    for transcript in _transcripts(text) if isinstance(text, str) else []:
        yield "/text", {**row, "text": transcript}


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row.

    Raises RowError: `no_messages`, `bad_tools`, `bad_tool`, and those of lists of messages.
    """
    check(ChatGLM3Row, row)
    key = messages_key(row, DIALECT)
    return _read_text(row) if key is None else _read_messages(row, key)


def _transcripts(text: str) -> list[str]:
    """The transcripts in a text: all of it, or what stands in its fences."""
    found = [text] if _BEGIN.match(text) else fenced_blocks(text)
    return [text for text in found if {"user", "assistant"} <= {m[1] for m in _HEAD.finditer(text)}]


def _read_text(row: dict[str, Any]) -> Conversation:
    pieces = _HEAD.split(_BEGIN.sub("", row.get("text") or "", count=1))
    turns = list(zip(pieces[1::3], pieces[2::3], map(str.strip, pieces[3::3]), strict=True))
    if not turns or pieces[0].strip():
        raise RowError("no_messages", "the text does not begin with a turn", pointer="/text")
    warnings: list[str] = []
    messages: list[Message] = []
    tools: list[ToolSpec] = []
    for number, (role, metadata, text) in enumerate(turns):
        if role == "assistant":
            if metadata:
                messages.append(
                    Message("assistant", tool_calls=(_read_call(metadata, text, warnings),))
                )
            elif text or number < len(turns) - 1:
                messages.append(Message("assistant", text))
        elif role == "observation":
            messages.append(Message("tool", unfenced(text)))
        elif role == "system":
            found, text = _read_system(text)
            tools.extend(found)
            if text:
                messages.append(Message("system", text))
        elif text or number < len(turns) - 1:
            messages.append(Message("user", text))
    if not messages:
        raise RowError("no_messages", "the text has no turns", pointer="/text")
    return Conversation(row_id(row), tuple(messages), tuple(tools), warnings=tuple(warnings))


def _read_system(text: str) -> tuple[tuple[ToolSpec, ...], str]:
    """The tools at the end of a system text, and what stands before them."""
    listed = _TOOL_LIST.search(text)
    if listed is None:
        return (), text
    try:
        return read_tools(listed[0], "/text"), text[: listed.start()].rstrip()
    except RowError as error:
        if error.code != "bad_tools":
            raise
        return (), text


def _read_call(name: str, text: str, warnings: list[str]) -> ToolCall:
    written = unfenced(text)
    calls = None if name == INTERPRETER else read_python_calls(written)
    if calls is not None and len(calls) == 1 and calls[0].name == "tool_call":
        arguments = calls[0].arguments
        if isinstance(arguments, dict):
            return ToolCall(name, arguments)
    return ToolCall(name, read_arguments(written, warnings))


def _read_messages(row: dict[str, Any], key: str) -> Conversation:
    """Messages: a tool's turn that holds the call too becomes two."""
    called = [
        (f"/{key}/{index}", raw)
        for index, raw in enumerate(row[key])
        if DIALECT.act(raw.get("role")) is Act.TOOL
    ]
    plain = [
        {**raw, "content": raw["observation"]} if "observation" in raw else raw for raw in row[key]
    ]
    conversation = read_chat({**row, key: plain}, DIALECT)
    warnings = list(conversation.warnings)
    messages: list[Message] = []
    for message in conversation.messages:
        pointer, raw = called.pop(0) if message.role == "tool" else ("", {})
        if "observation" in raw:
            name = raw.get("name") or raw.get("tool_name")
            if not isinstance(name, str):
                raise RowError("bad_tool_call", "a call has no name", pointer=pointer)
            call = ToolCall(name, read_arguments(raw.get("parameters"), warnings))
            messages.append(Message("assistant", tool_calls=(call,)))
        messages.append(message)
    return Conversation(
        conversation.id,
        tuple(messages),
        conversation.tools,
        conversation.media,
        warnings=tuple(warnings),
        meta=conversation.meta,
    )


FORMAT = Format(
    name="chatglm3",
    summary="<|user|>, <|assistant|>tool and <|observation|> as text; tool turns with observation",
    row_model=ChatGLM3Row,
    detect=detect,
    read=read,
    explode=explode,
)
