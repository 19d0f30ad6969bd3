"""T-Eval: one document of {id: {`origin_prompt`, `ground_truth`}}; the answer is a plan of calls, a
call, or a letter with the thought that leads to it.

Where the system text lists tools, the list goes, and with it the words that lay down the form of a
plan, since a template says both in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation, Message, Role, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_call, read_written_arguments
from agentdata.formats.common.embedded import take_list
from agentdata.formats.common.rows import ChatMessage, Row
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check, pointer, row_id
from agentdata.json_text import dumps

ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "function": "tool",
    "tool": "tool",
}
_KEYS = frozenset({"origin_prompt", "ground_truth"})
_TOOLS = re.compile(r"You have access to the following API:\s*\[")
_FORM = re.compile(
    r"Please generate a plan for answer.*?DO NOT generate any text to explain the json\.",
    re.DOTALL,
)


class TEvalRow(Row):
    """One row of the document."""

    origin_prompt: list[ChatMessage]
    ground_truth: Any


def detect(row: dict[str, Any]) -> Fit:
    """Marked by `origin_prompt` and `ground_truth`, in a row or in every value of a document."""
    if _is_row(row) or (row and all(map(_is_row, row.values()))):
        return Fit.MARKED
    return Fit.NO


def _is_row(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() >= _KEYS
        and bool(value["origin_prompt"])
        and isinstance(value["origin_prompt"], list)
    )


def explode(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The rows of a document, each with its key as its id."""
    if _is_row(row) or detect(row) is Fit.NO:
        yield "", row
    else:
        for key, value in row.items():
            yield pointer(key), {"id": key} | value


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `unknown_role`, `bad_answer`, and those of calls
    and tools."""
    check(TEvalRow, row)
    warnings: list[str] = []
    messages: list[Message] = []
    tools: tuple[ToolSpec, ...] = ()
    for index, raw in enumerate(row["origin_prompt"]):
        role, text = raw.get("role"), raw.get("content")
        if role not in ROLES:
            raise RowError(
                "unknown_role",
                f"the role {role!r} is none of: {', '.join(ROLES)}",
                pointer=f"/origin_prompt/{index}/role",
            )
        text = text if isinstance(text, str) else dumps(text)
        if role == "system":
            found, text = take_list(text, _TOOLS)
            if found:
                # Each is a pair of the name and the tool.
                specs = [item[-1] if isinstance(item, list) and item else item for item in found]
                tools += read_tools(specs, f"/origin_prompt/{index}/content")
                text = _FORM.sub("", text).strip()
        if text or role != "system":
            messages.append(Message(ROLES[role], text))
    answer = _read_answer(row["ground_truth"], warnings)
    before = [step.get("prev") for step in _steps(row["ground_truth"]) if isinstance(step, dict)]
    return Conversation(
        id=row_id(row),
        messages=(*messages, answer) if answer else tuple(messages),
        tools=tools,
        warnings=tuple(warnings),
        meta={"call_after": before} if any(before) else {},
    )


def _steps(gold: Any) -> list[Any]:
    return gold if isinstance(gold, list) else []


def _read_answer(gold: Any, warnings: list[str]) -> Message | None:
    if isinstance(gold, str):
        return Message("assistant", gold) if gold else None
    if isinstance(gold, list):
        calls = [_call(step, f"/ground_truth/{n}", warnings) for n, step in enumerate(gold)]
        return Message("assistant", tool_calls=tuple(calls)) if calls else None
    if not isinstance(gold, dict):
        raise RowError("bad_answer", "the answer is of no known form", pointer="/ground_truth")
    thought = gold.get("thought")
    reasoning = thought.strip("\n") if isinstance(thought, str) and thought.strip() else None
    if isinstance(gold.get("answer"), str):
        return Message("assistant", f"Answer: {gold['answer']}", reasoning)
    if isinstance(gold.get("action"), str):
        gold = {"name": gold["action"], "args": gold.get("args")}
    if isinstance(gold.get("name"), str):
        return Message("assistant", "", reasoning, (_call(gold, "/ground_truth", warnings),))
    return Message("assistant", reasoning) if reasoning else None


def _call(step: Any, pointer: str, warnings: list[str]) -> ToolCall:
    call = read_call(step, pointer, [])
    return replace(call, arguments=read_written_arguments(call.arguments, warnings))


FORMAT = Format(
    name="t_eval",
    summary="a document of prompts with plans, calls or letters as answers (T-Eval)",
    row_model=TEvalRow,
    detect=detect,
    read=read,
    explode=explode,
)
