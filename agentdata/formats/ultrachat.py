"""UltraChat: the texts of user and assistant by turns, in a list of strings."""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Conversation, Message
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.rows import Row
from agentdata.formats.common.values import check, row_id


class UltraChatRow(Row):
    """A row of `ultrachat`."""

    data: list[str]


def detect(row: dict[str, Any]) -> Fit:
    """Read where `data` is a list of texts, at least a question and an answer."""
    data = row.get("data")
    texts = isinstance(data, list) and all(isinstance(text, str) for text in data)
    return Fit.READABLE if texts and len(row["data"]) > 1 else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `no_messages`."""
    check(UltraChatRow, row)
    messages = tuple(
        Message("assistant" if index % 2 else "user", text)
        for index, text in enumerate(row["data"])
    )
    if not messages:
        raise RowError("no_messages", "the row has no texts", pointer="/data")
    return Conversation(row_id(row), messages)


FORMAT = Format(
    name="ultrachat",
    summary="a list of texts, user and assistant by turns (UltraChat)",
    row_model=UltraChatRow,
    detect=detect,
    read=read,
)
