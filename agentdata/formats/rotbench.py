"""RoTBench: ReAct turns of from and value; the tools are a list inside the system text, and the
last value may be a list of answers that would do alike.

The tools and the words that lay down the form of an action go from the system text, since a
template says that in its own words.
"""

from __future__ import annotations

import re
from typing import Any

from agentdata.conversation import Conversation, Message, Role, ToolCall
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_written_arguments
from agentdata.formats.common.embedded import take_list
from agentdata.formats.common.react import split_steps
from agentdata.formats.common.rows import Row, ShareTurn
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check, row_id

ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "function": "tool",
}
_TOOLS = re.compile(
    r"(?:Specifically, )?you have access (?:of|to) the following (?:tools|APIs):\s*\[",
    re.IGNORECASE,
)
_FORM = re.compile(r"Desired format:\s*Thought:.*?(?=Remember:|\Z)", re.DOTALL)


class RotBenchRow(Row):
    """A row of `rotbench`."""

    conversations: list[ShareTurn]


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a system text that lists tools as JSON and lays down a desired format with
    `Action Input:`."""
    turns = row.get("conversations")
    first = turns[0] if isinstance(turns, list) and turns else None
    if not isinstance(first, dict) or first.get("from") != "system":
        return Fit.NO
    text = first.get("value")
    roles = [turn.get("from") if isinstance(turn, dict) else None for turn in turns or []]
    known = all(isinstance(role, str) and role in ROLES for role in roles)
    if not known or not isinstance(text, str):
        return Fit.NO
    form = _FORM.search(text)
    asks = form is not None and "Action Input:" in form[0]
    return Fit.MARKED if asks and _TOOLS.search(text) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `no_messages`, `unknown_role`, `bad_content`, and
    those of tools."""
    check(RotBenchRow, row)
    warnings: list[str] = []
    messages: list[Message] = []
    tools: list[Any] = []
    for index, turn in enumerate(row["conversations"]):
        at = f"/conversations/{index}"
        role = ROLES.get(turn.get("from") or "")
        if role is None:
            raise RowError(
                "unknown_role",
                f"the role {turn.get('from')!r} is none of: {', '.join(ROLES)}",
                pointer=f"{at}/from",
            )
        text = _text(turn.get("value"), f"{at}/value")
        if role == "system":
            found, text = take_list(_FORM.sub("", text), _TOOLS)
            tools += found
        if role == "assistant":
            messages.append(_read_assistant(text, warnings))
        elif text.strip():
            messages.append(Message(role, text if role == "tool" else text.strip()))
    if not messages:
        raise RowError("no_messages", "the row has no messages", pointer="/conversations")
    return Conversation(
        id=row_id(row),
        messages=tuple(messages),
        tools=read_tools(tools, "/conversations/0/value"),
        warnings=tuple(warnings),
        # Its thoughts are ReAct's: templates of that kind write them with its words.
        meta={"thought": True},
    )


def _text(value: Any, pointer: str) -> str:
    if isinstance(value, list) and value:
        value = value[0]  # answers that would do alike
    if value is not None and not isinstance(value, str):
        raise RowError("bad_content", "a value is no text", pointer=pointer)
    return value or ""


def _read_assistant(text: str, warnings: list[str]) -> Message:
    """A thought and one action; a text of any other form is kept to the letter."""
    steps = split_steps(text)
    parts = {step.label: step.body.strip() for step in steps}
    if len(parts) != len(steps) or not parts.get("Action") or "Action Input" not in parts:
        return Message("assistant", text)
    arguments = read_written_arguments(parts["Action Input"], warnings)
    content = "\n".join(parts[key] for key in ("", "Final Answer") if parts.get(key))
    call = ToolCall(parts["Action"], arguments)
    return Message("assistant", content, parts.get("Thought") or None, (call,))


FORMAT = Format(
    name="rotbench",
    summary="ReAct turns of from and value, tools as a list in the system text (RoTBench)",
    row_model=RotBenchRow,
    detect=detect,
    read=read,
)
