"""CodeFuse devops-eval: OpenAI messages under `chatrounds`, tools under `functions`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import read_chat, roles_of
from agentdata.formats.common.rows import ChatMessage, Row, ToolsField
from agentdata.formats.common.values import check

DIALECT = replace(openai.DIALECT, messages=("chatrounds",))


class CodeFuseRow(Row):
    """A row of `codefuse`."""

    chatrounds: list[ChatMessage]
    functions: ToolsField = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by `chatrounds`."""
    return Fit.NO if roles_of(row, DIALECT) is None else Fit.MARKED


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    check(CodeFuseRow, row)
    return read_chat(row, DIALECT)


FORMAT = Format(
    name="codefuse",
    summary="functions and chatrounds with function_call (CodeFuse devops-eval)",
    row_model=CodeFuseRow,
    detect=detect,
    read=read,
)
