"""xLAM function calling: `query`, `tools` and `answers`; and the training rows that Hammer made of
them, where all but the answer is one instruction.

Hammer's rows say how to write calls between marks of their own; that part goes, since a template
says it in its own words, and what the task is becomes the system message.
"""

from __future__ import annotations

import re
from typing import Any

from agentdata.conversation import Conversation, Message, Role
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.embedded import fenced_calls
from agentdata.formats.common.rows import ChatMessage, JsonList, Row
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check, row_id
from agentdata.json_text import dumps

ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "agent": "assistant",
    "tool": "tool",
}
_TOOLS = "AVAILABLE TOOLS"
_BLOCK = re.compile(r"\[BEGIN OF ([A-Z ]+)\]\n?(.*?)\n?\[END OF \1\]", re.DOTALL)
_TURN = re.compile(r"<\|im_start\|>(\w+)\n(.*?)<\|im_end\|>", re.DOTALL)


class XlamRow(Row):
    """A row of `xlam`: `query`, `tools` and `answers`, or `instruction`, `input` and `output`."""

    query: str | list[ChatMessage] | None = None
    answers: JsonList | dict[str, Any] | str | None = None
    calling: JsonList | None = None
    instruction: str | None = None
    input: str | None = None
    output: str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by query, tools and answers together, query and calling (Seal-Tools), or by Hammer's
    marks in the instruction."""
    if isinstance(row.get("query"), str) and isinstance(row.get("calling"), list):
        return Fit.MARKED
    if isinstance(row.get("query"), str | list) and {"tools", "answers"} <= row.keys():
        return Fit.MARKED
    instruction = row.get("instruction")
    if isinstance(instruction, str) and f"[BEGIN OF {_TOOLS}]" in instruction:
        return Fit.MARKED
    return Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row; one without an answer ends with the user.

    Raises RowError: `no_messages`, `unknown_role`, and those of calls and tools.
    """
    check(XlamRow, row)
    warnings: list[str] = []
    if row.get("query") is None and row.get("instruction") is not None:
        messages, tools = _read_instruction(row, warnings)
        tools_at, answer, answer_at = "/instruction", row.get("output"), "/output"
    else:
        messages = _read_query(row.get("query"), warnings)
        tools, tools_at, answer, answer_at = (
            row.get("tools"),
            "/tools",
            row.get("answers"),
            "/answers",
        )
        if row.get("calling") is not None:
            answer, answer_at = _calling(row["calling"]), "/calling"
    if not messages:
        raise RowError("no_messages", "the row asks nothing", pointer="/query")
    messages += _read_answer(answer, answer_at, warnings)
    return Conversation(
        id=row_id(row),
        messages=tuple(messages),
        tools=read_tools(tools, tools_at),
        warnings=tuple(warnings),
    )


def _calling(calls: list[Any]) -> list[Any]:
    """Calls of Seal-Tools, without the places that their results go to."""
    return [
        {"name": call.get("api"), "arguments": call.get("parameters")}
        if isinstance(call, dict)
        else call
        for call in calls
    ]


def _read_query(query: str | list[dict[str, Any]] | None, warnings: list[str]) -> list[Message]:
    if isinstance(query, str):
        return [Message("user", query)]
    return [
        _message(raw.get("role"), raw.get("content"), f"/query/{index}", warnings)
        for index, raw in enumerate(query or [])
    ]


def _read_instruction(row: dict[str, Any], warnings: list[str]) -> tuple[list[Message], str | None]:
    turns = _TURN.findall(row["instruction"])
    prompt = turns[0][1] if turns else row["instruction"]
    blocks = {name: text.strip() for name, text in _BLOCK.findall(prompt)}
    messages = []
    if task := blocks.get("TASK INSTRUCTION"):
        messages.append(Message("system", task))
    asked = [blocks.get("QUERY"), row.get("input")]
    messages += [Message("user", text) for text in asked if text]
    messages += [_message(role, text, "/instruction", warnings) for role, text in turns[1:]]
    return messages, blocks.get(_TOOLS)


def _message(role: Any, content: Any, pointer: str, warnings: list[str]) -> Message:
    if role not in ROLES:
        raise RowError(
            "unknown_role", f"the role {role!r} is none of: {', '.join(ROLES)}", pointer=pointer
        )
    text = content if isinstance(content, str) else "" if content is None else dumps(content)
    if ROLES[role] != "assistant":
        return Message(ROLES[role], text)
    calls, text = fenced_calls(text, f"{pointer}/content", warnings)
    return Message("assistant", text, tool_calls=calls)


def _read_answer(answer: Any, pointer: str, warnings: list[str]) -> list[Message]:
    text = answer if isinstance(answer, str) else dumps(answer) if answer else ""
    if not text.strip():
        return []
    calls, text = fenced_calls(text, pointer, warnings)
    return [Message("assistant", text, tool_calls=calls)]


FORMAT = Format(
    name="xlam",
    summary="query, tools and answers (xLAM function calling); instruction and output (Hammer)",
    row_model=XlamRow,
    detect=detect,
    read=read,
)
