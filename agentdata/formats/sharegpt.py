"""ShareGPT as LLaMA-Factory writes it: turns with `from` and `value`."""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Conversation
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import Act, Dialect, read_chat, roles_of
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.rows import Row, ShareTurn
from agentdata.formats.common.values import check

DIALECT = Dialect(
    messages=("conversations",),
    role=("from", "role"),
    content=("value", "content"),
    roles={
        "system": Act.SYSTEM,
        "human": Act.USER,
        "user": Act.USER,
        "gpt": Act.ASSISTANT,
        "assistant": Act.ASSISTANT,
        "bot": Act.ASSISTANT,
        "model": Act.ASSISTANT,
        "function_call": Act.CALL,
        "tool_call": Act.CALL,
        "observation": Act.TOOL,
        "tool": Act.TOOL,
        "function_response": Act.TOOL,
        "tool_response": Act.TOOL,
    },
)
_MARKS = frozenset({"human", "gpt", "function_call", "observation"})


class ShareGPTRow(Row):
    """A row of `sharegpt`; `conversations` may be the list written as text."""

    conversations: list[ShareTurn] | str


def detect(row: dict[str, Any]) -> Fit:
    """Marked by the roles that are its own; with `role` and `content`, read where `openai` knows
    not all of the roles."""
    row = unfold(row)
    roles = roles_of(row, DIALECT)
    if roles is None or (
        "from" not in row["conversations"][0] and roles_of(row, openai.DIALECT) is not None
    ):
        return Fit.NO
    return Fit.READABLE if _MARKS.isdisjoint(roles) else Fit.MARKED


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(ShareGPTRow, row)
    return read_chat(row, DIALECT)


FORMAT = Format(
    name="sharegpt",
    summary="conversations of from and value, with function_call and observation (LLaMA-Factory)",
    row_model=ShareGPTRow,
    detect=detect,
    read=read,
    general=True,
)
