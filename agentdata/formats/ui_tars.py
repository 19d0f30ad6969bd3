"""UI-TARS: a chat of screenshots and actions as text, with `loss_mask` on its messages."""

from __future__ import annotations

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
from agentdata.formats.common.values import check

DIALECT = Dialect(
    messages=("messages", "records"),
    roles={
        "system": Act.SYSTEM,
        "user": Act.USER,
        "assistant": Act.ASSISTANT,
        "tool": Act.TOOL,
    },
    loss={"loss_mask": True, "loss": True},
)
_PLACE = "start_box="


class UITarsRow(Row):
    """A row of `ui_tars`, or the records of a list of messages."""

    messages: list[ChatMessage] | str | None = None
    records: list[ChatMessage] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a loss mask on a message, or by an action at a place on the screen."""
    if "role" in row:
        return Fit.MARKED if _is_marked(row) else Fit.NO
    row = unfold(row)
    if roles_of(row, DIALECT) is None:
        return Fit.NO
    messages = row[messages_key(row, DIALECT) or ""]
    return Fit.MARKED if any(map(_is_marked, messages)) else Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(UITarsRow, row)
    return read_chat(row, DIALECT)


def _is_marked(message: dict[str, Any]) -> bool:
    content = message.get("content")
    return message.get("loss_mask") is not None or (isinstance(content, str) and _PLACE in content)


FORMAT = Format(
    name="ui_tars",
    summary="UI-TARS: screenshots and actions as text, with loss_mask, as a row or a file",
    row_model=UITarsRow,
    detect=detect,
    read=read,
    session=message_session,
)
