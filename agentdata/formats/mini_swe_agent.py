"""mini-swe-agent: a plain chat whose bash block is the action and whose user is the shell.

Versions: the list of messages alone (a record each), `messages` with `info`, and messages with
calls of `bash`.
"""

from __future__ import annotations

import re
from typing import Any

from agentdata.conversation import Conversation
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import (
    Act,
    Dialect,
    message_session,
    messages_key,
    read_chat,
    roles_of,
)
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.rows import ChatMessage, Row
from agentdata.formats.common.text_actions import function_tags, only_bash_block, take_actions
from agentdata.formats.common.values import check

DIALECT = Dialect(
    messages=("messages", "records"),
    roles={
        "system": Act.SYSTEM,
        "user": Act.USER,
        "assistant": Act.ASSISTANT,
        "tool": Act.TOOL,
        # What the command that ended the run printed.
        "exit": Act.USER,
    },
)
_STYLES = (only_bash_block, function_tags)
_ANSWER = re.compile(r"\s*<returncode>")
_VERSION = "mini-swe-agent"


class MiniSWEAgentRow(Row):
    """A row of `mini_swe_agent`, or the records of a list of messages."""

    messages: list[ChatMessage] | str | None = None
    records: list[ChatMessage] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a return code that answers a block of bash, or by the name of its version."""
    if "role" in row:
        return Fit.MARKED if _answers(row) or _acts(row) else Fit.NO
    row = unfold(row)
    if roles_of(row, DIALECT) is None:
        return Fit.NO
    version = row.get("trajectory_format")
    messages = row[messages_key(row, DIALECT) or ""]
    if isinstance(version, str) and version.startswith(_VERSION):
        return Fit.MARKED
    marked = any(map(_answers, messages)) and any(map(_acts, messages))
    return Fit.MARKED if marked else Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(MiniSWEAgentRow, row)
    return take_actions(read_chat(row, DIALECT), _STYLES)


def _answers(message: dict[str, Any]) -> bool:
    content = message.get("content")
    return (
        message.get("role") == "user" and isinstance(content, str) and bool(_ANSWER.match(content))
    )


def _acts(message: dict[str, Any]) -> bool:
    content = message.get("content")
    return (
        message.get("role") == "assistant"
        and isinstance(content, str)
        and only_bash_block(content, []) is not None
    )


FORMAT = Format(
    name="mini_swe_agent",
    summary="mini-swe-agent: a chat of bash blocks and return codes, as a row or a file",
    row_model=MiniSWEAgentRow,
    detect=detect,
    read=read,
    session=message_session,
)
