"""HammerBench: messages with the role `function call`; each call repeats the one before with the
arguments that the user has given since."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import Act, read_chat, roles_of
from agentdata.formats.common.rows import ChatMessage, Row, ToolsField
from agentdata.formats.common.values import check

_CALL_ROLE = "function call"
DIALECT = replace(
    openai.DIALECT,
    messages=("messages",),
    roles={**openai.DIALECT.roles, _CALL_ROLE: Act.CALL},
    tools=("tools", "multiple_tools", "single_tool"),
)


class HammerBenchRow(Row):
    """A row of `hammerbench`; the first list of tools that is there is on offer."""

    messages: list[ChatMessage]
    multiple_tools: ToolsField = None
    single_tool: ToolsField = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by the role `function call`."""
    roles = roles_of(row, DIALECT)
    return Fit.MARKED if roles and _CALL_ROLE in roles else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    check(HammerBenchRow, row)
    return read_chat(row, DIALECT)


FORMAT = Format(
    name="hammerbench",
    summary="messages with the role `function call` (HammerBench)",
    row_model=HammerBenchRow,
    detect=detect,
    read=read,
)
