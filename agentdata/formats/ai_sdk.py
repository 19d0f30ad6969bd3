"""Vercel's AI SDK: messages of the user interface with `parts`, and those sent to models with the
parts `tool-call` and `tool-result`.

A part of a tool holds a call and what came of it; a step of the model ends with the results of its
calls. What only the interface shows (`data-...`, sources) is no part of the conversation.
Source: the documentation of `UIMessage` (AI SDK 4 and 5) and `ModelMessage`.
"""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import roles_of
from agentdata.formats.common.rows import ChatMessage, Row
from agentdata.formats.common.values import check, first_value
from agentdata.formats.openai import Rewritten, read_rewritten
from agentdata.json_text import dumps

_CALL, _RESULT, _DYNAMIC, _OLD = "tool-call", "tool-result", "dynamic-tool", "tool-invocation"
_SHOWN_ALONE = ("data-", "source", "step-start")
_DONE = ("output-available", "output-error", "result")
_INPUTS, _OUTPUTS = ("input", "args", "rawInput"), ("output", "result", "errorText")


class AISDKRow(Row):
    """A row of `ai_sdk`."""

    messages: list[ChatMessage]


def detect(row: dict[str, Any]) -> Fit:
    """Marked by messages with typed `parts`, or a content with the parts tool-call and
    tool-result."""
    if roles_of(row, openai.DIALECT) is None or not isinstance(row.get("messages"), list):
        return Fit.NO
    messages = row["messages"]
    ui = any(_typed(message.get("parts")) for message in messages)
    tools = any(
        part["type"] in (_CALL, _RESULT)
        for message in messages
        for part in _typed(message.get("content"))
    )
    return Fit.MARKED if ui or tools else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `bad_content`, `bad_tool_call`, and those of lists
    of messages."""
    check(AISDKRow, row)
    messages: list[Rewritten] = []
    for index, message in enumerate(row["messages"]):
        pointer = f"/messages/{index}"
        parts = message.get("parts", message.get("content"))
        steps = _Steps(message, pointer).read(parts) if isinstance(parts, list) else [message]
        messages += [(pointer, step) for step in steps]
    return read_rewritten(row, messages)


class _Steps:
    """The messages that one message of the interface is: of the model, and of the tools."""

    def __init__(self, message: dict[str, Any], pointer: str) -> None:
        self.role, self.pointer = message.get("role"), pointer
        self.messages: list[dict[str, Any]] = []
        self.said: dict[str, Any] = {}
        self.results: list[dict[str, Any]] = []

    def read(self, parts: list[Any]) -> list[dict[str, Any]]:
        for index, part in enumerate(parts):
            kind = part.get("type") if isinstance(part, dict) else None
            if not isinstance(kind, str):
                at = f"{self.pointer}/parts/{index}"
                raise RowError("bad_content", "a part without a type", pointer=at)
            self._read(part, kind)
        self._close()
        return self.messages or [{"role": self.role, "content": ""}]

    def _read(self, part: dict[str, Any], kind: str) -> None:
        if kind == _RESULT:
            self.results.append(_result(part))
        elif kind == _OLD:
            self._tool(part.get("toolInvocation"), None)
        elif kind in (_CALL, _DYNAMIC):
            self._tool(part, None)
        elif kind.startswith("tool-"):
            self._tool(part, kind.removeprefix("tool-"))
        elif kind == "step-start":
            self._close()
        elif not kind.startswith(_SHOWN_ALONE):
            if self.results:
                self._close()
            self.said.setdefault("content", []).append(_content(part, kind))

    def _tool(self, part: Any, name: str | None) -> None:
        part = part if isinstance(part, dict) else {}
        call_id = part.get("toolCallId")
        arguments = first_value(part, _INPUTS)
        call = {"id": call_id, "name": name or part.get("toolName"), "arguments": arguments}
        self.said.setdefault("tool_calls", []).append(call)
        if part.get("state") in _DONE or first_value(part, _OUTPUTS) is not None:
            self.results.append(_result(part))

    def _close(self) -> None:
        if self.said:
            self.messages.append({"role": self.role, **self.said})
        self.messages += self.results
        self.said, self.results = {}, []


def _content(part: dict[str, Any], kind: str) -> dict[str, Any]:
    media = part.get("mediaType", part.get("mimeType"))
    if kind == "file" and isinstance(media, str) and media.startswith("image/"):
        return {"type": "image_url", "image_url": first_value(part, ("url", "data"))}
    if kind == "reasoning" and "text" not in part:
        return {"type": kind, "text": part.get("reasoning")}
    return part


def _result(part: dict[str, Any]) -> dict[str, Any]:
    value = first_value(part, _OUTPUTS)
    if isinstance(value, dict) and value.keys() == {"type", "value"}:
        value = value["value"]
    return {
        "role": "tool",
        "tool_call_id": part.get("toolCallId"),
        "name": part.get("toolName"),
        "content": value if isinstance(value, str) else dumps(value),
    }


def _typed(parts: Any) -> list[dict[str, Any]]:
    """The parts, if they are a list of typed ones."""
    good = isinstance(parts, list) and all(
        isinstance(part, dict) and isinstance(part.get("type"), str) for part in parts
    )
    return parts if good else []


FORMAT = Format(
    name="ai_sdk",
    summary="messages with parts of text, reasoning and tools (Vercel AI SDK)",
    row_model=AISDKRow,
    detect=detect,
    read=read,
)
