"""LLaVA-Plus: `from` and `value`, with the model's `thoughts` and `actions` beside its words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation
from agentdata.formats import sharegpt
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import read_chat, roles_of
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.rows import Row, ShareTurn
from agentdata.formats.common.values import check

DIALECT = replace(sharegpt.DIALECT, reasoning=("thoughts", "thought"))


class LLaVAPlusRow(Row):
    """A row of `llava_plus`; `conversations` may be the list written as text."""

    conversations: list[ShareTurn] | str
    unique_id: str | int | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by thoughts or a list of actions on a turn."""
    row = unfold(row)
    if roles_of(row, DIALECT) is None:
        return Fit.NO
    marked = any(
        isinstance(turn.get("thoughts"), str) or isinstance(turn.get("actions"), list)
        for turn in row["conversations"]
    )
    return Fit.MARKED if marked else Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(LLaVAPlusRow, row)
    turns = [_with_calls(turn) for turn in row["conversations"]]
    return read_chat({"id": row.get("unique_id"), **row, "conversations": turns}, DIALECT)


def _with_calls(turn: Any) -> Any:
    actions = turn.get("actions") if isinstance(turn, dict) else None
    if not isinstance(actions, list) or not actions:
        return turn
    return {**turn, "tool_calls": [_call(action) for action in actions]}


def _call(action: Any) -> Any:
    if not isinstance(action, dict):
        return action
    return {"name": action.get("API_name"), "arguments": action.get("API_params")}


FORMAT = Format(
    name="llava_plus",
    summary="from and value, with thoughts and actions beside them (LLaVA-Plus)",
    row_model=LLaVAPlusRow,
    detect=detect,
    read=read,
)
