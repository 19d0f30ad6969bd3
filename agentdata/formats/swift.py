"""ms-swift: messages with the roles `tool_call` and `tool_response`, or query and response."""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Conversation, Message
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.carried import carried
from agentdata.formats.common.chat import Act, Dialect, read_chat, roles_of
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.hermes_text import is_hermes
from agentdata.formats.common.rows import ChatMessage, Row
from agentdata.formats.common.think import join_think
from agentdata.formats.common.values import check
from agentdata.formats.common.writing import call_row, loss_row, media_columns, tool_row
from agentdata.json_text import dumps

DIALECT = Dialect(
    roles={
        "system": Act.SYSTEM,
        "developer": Act.SYSTEM,
        "user": Act.USER,
        "assistant": Act.ASSISTANT,
        "tool_call": Act.CALL,
        "tool_response": Act.TOOL,
        "tool": Act.TOOL,
    },
)
_ROLE_MARKS = frozenset({"tool_call", "tool_response"})
_MESSAGE_MARKS = ("loss", "loss_scale")
_ROW_MARKS = ("images", "videos", "audios")
_SHORT_KEYS = frozenset(
    {"response", "system", "history", "tools", "objects", "label", "channel", "id", *_ROW_MARKS}
    | {"rejected_response", "chat_template_kwargs", "agentdata"}
)


class SwiftRow(Row):
    """A row of `swift`: `messages`, or `query`, `response` and `history`, or `conversation`."""

    messages: list[ChatMessage] | str | None = None
    query: str | None = None
    response: str | None = None
    history: list[tuple[str | None, str | None]] | None = None
    conversation: list[dict[str, str | None]] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by the two roles of its own, weights on messages, media columns, or the short forms
    (`query` and `response`, `response` alone, `conversation` of `human` and `assistant`)."""
    row = unfold(row)
    if "messages" not in row:
        return Fit.MARKED if _short_form(row) else Fit.NO
    roles = roles_of(row, DIALECT)
    if roles is None:
        return Fit.NO
    if not _ROLE_MARKS.isdisjoint(roles):
        return Fit.MARKED
    marked = any(row.get(key) for key in _ROW_MARKS) or any(
        key in message for message in row["messages"] for key in _MESSAGE_MARKS
    )
    # Weights and media may stand beside calls written in the texts, which say more.
    return Fit.MARKED if marked and not _calls_in_text(row["messages"]) else Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(SwiftRow, row)
    if "messages" not in row:
        row = {**row, "messages": _messages(row)}
    return read_chat(row, DIALECT)


def _short_form(row: dict[str, Any]) -> bool:
    pairs = row.get("conversation")
    if isinstance(pairs, list) and pairs:
        return all(
            isinstance(pair, dict) and {"human", "assistant"} <= pair.keys() for pair in pairs
        )
    if not isinstance(row.get("response"), str) or not isinstance(row.get("query", ""), str):
        return False
    # A response alone is text to learn, unless the row is the record of something else.
    return "query" in row or row.keys() <= _SHORT_KEYS


def _calls_in_text(messages: list[dict[str, Any]]) -> bool:
    return any(
        is_hermes(message["content"], by_model=message.get("role") == "assistant")
        for message in messages
        if isinstance(message.get("content"), str)
    )


def _messages(row: dict[str, Any]) -> list[dict[str, Any]]:
    pairs = [tuple(pair) for pair in row.get("history") or []]
    pairs += [(pair.get("human"), pair.get("assistant")) for pair in row.get("conversation") or []]
    if row.get("response") is not None or row.get("query") is not None:
        pairs.append((row.get("query"), row.get("response")))
    return [
        {"role": role, "content": text}
        for pair in pairs
        for role, text in zip(("user", "assistant"), pair, strict=True)
        if text is not None
    ]


def write(conversation: Conversation, warnings: list[str]) -> dict[str, Any]:
    """The row of a conversation: reasoning as a think block, each call a message of its own, media
    in columns with a mark in the text for each. It has no ids of calls and no names."""
    row: dict[str, Any] = {"id": conversation.id} if conversation.id else {}
    if conversation.tools:
        row["tools"] = dumps([tool_row(tool) for tool in conversation.tools])
    row["messages"] = [
        {**written, **loss_row(message)}
        for message in conversation.messages
        for written in _written(message)
    ]
    return row | media_columns(conversation.media) | carried(conversation, DIALECT.meta)


def _written(message: Message) -> list[dict[str, Any]]:
    role = "tool_response" if message.role == "tool" else message.role
    text = join_think(message.reasoning, message.text)
    calls = [{"role": "tool_call", "content": dumps(call_row(call))} for call in message.tool_calls]
    return calls if calls and not text else [{"role": role, "content": text}, *calls]


FORMAT = Format(
    name="swift",
    summary="messages with roles tool_call and tool_response; query/response/history (ms-swift)",
    row_model=SwiftRow,
    detect=detect,
    read=read,
    # ms-swift trains them to the letter, with what its `loss_scale` says of each part. Left to
    # detection, such messages have the format `react`.
    keeps_react=lambda row: "messages" in row,
    write=write,
)
