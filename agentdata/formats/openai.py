"""OpenAI chat messages: `tool_calls`, role `tool`, and the older `function_call`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import Act, Dialect, messages_key, read_chat, roles_of
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.rows import ChatMessage, Row, ToolsField
from agentdata.formats.common.values import check
from agentdata.formats.common.write_openai import write_openai

DIALECT = Dialect(
    messages=("messages", "traj", "conversations", "conversation", "chat"),
    roles={
        "system": Act.SYSTEM,
        "developer": Act.SYSTEM,
        "user": Act.USER,
        "assistant": Act.ASSISTANT,
        "tool": Act.TOOL,
        "function": Act.TOOL,
    },
)
_MARKS = ("tool_calls", "function_call", "tool_call_id")


class OpenAIRow(Row):
    """A row of `openai`: its messages lie under the first of these keys that is there."""

    messages: list[ChatMessage] | str | None = None
    traj: list[ChatMessage] | None = None
    conversations: list[ChatMessage] | str | None = None
    conversation: list[ChatMessage] | None = None
    chat: list[ChatMessage] | None = None
    functions: ToolsField = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by calls on messages, or ids of calls."""
    row = unfold(row)
    if roles_of(row, DIALECT) is None:
        return Fit.NO
    messages = row[messages_key(row, DIALECT) or ""]
    marked = any(message.get(key) for message in messages for key in _MARKS)
    return Fit.MARKED if marked else Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(OpenAIRow, row)
    return read_chat(row, DIALECT)


Rewritten = tuple[str, dict[str, Any]]
"""The JSON pointer of where a message came from, and the message as this format has it."""


def read_rewritten(row: Mapping[str, Any], messages: Iterable[Rewritten]) -> Conversation:
    """The conversation of messages of another shape, with the other columns of the row.

    Raises RowError as `read` does, with the place that the message came from.
    """
    places, written = [], []
    for place, message in messages:
        places.append(place)
        written.append(message)
    try:
        return read({**row, "messages": written})
    except RowError as error:
        parts = error.pointer.split("/")
        if parts[1:2] != ["messages"] or len(parts) < 3:
            raise
        place = places[int(parts[2])]
        raise RowError(error.code, error.message, pointer=place) from None


def write(conversation: Conversation, warnings: list[str]) -> dict[str, Any]:
    """The row of a conversation: nothing is lost but the way the source wrote a tool that this
    format has another form for."""
    return write_openai(conversation, DIALECT.meta)


FORMAT = Format(
    name="openai",
    summary="messages with role and content, tool_calls, role tool (OpenAI chat, fine-tuning)",
    row_model=OpenAIRow,
    detect=detect,
    read=read,
    general=True,
    write=write,
)
