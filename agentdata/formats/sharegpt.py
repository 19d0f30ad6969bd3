"""ShareGPT as LLaMA-Factory writes it: turns with `from` and `value`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation, Message
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.carried import carried
from agentdata.formats.common.chat import Act, Dialect, messages_key, read_chat, roles_of
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.rows import Row, ShareTurn
from agentdata.formats.common.think import join_think, split_think
from agentdata.formats.common.values import check
from agentdata.formats.common.writing import call_row, media_columns, tool_row
from agentdata.json_text import dumps

DIALECT = Dialect(
    messages=("conversations",),
    role=("from", "role"),
    content=("value", "content"),
    roles={
        "system": Act.SYSTEM,
        "human": Act.USER,
        "user": Act.USER,
        "prompter": Act.USER,
        "gpt": Act.ASSISTANT,
        "chatgpt": Act.ASSISTANT,
        "assistant": Act.ASSISTANT,
        "bot": Act.ASSISTANT,
        "chatbot": Act.ASSISTANT,
        "model": Act.ASSISTANT,
        "function_call": Act.CALL,
        "tool_call": Act.CALL,
        "observation": Act.TOOL,
        "tool": Act.TOOL,
        "function": Act.TOOL,
        "function_response": Act.TOOL,
        "function_result": Act.TOOL,
        "tool_response": Act.TOOL,
        "tool_result": Act.TOOL,
        "ipython": Act.TOOL,
    },
)
_DIALECT = replace(DIALECT, messages=("conversations", "conversation", "messages"))
NOT_ALTERNATING = "turns_not_alternating"
"""Warning: LLaMA-Factory takes turns of the model and of others by turns, and skips other rows."""
_MARKS = frozenset({"human", "gpt", "function_call", "observation"})


class ShareGPTRow(Row):
    """A row of `sharegpt`: its turns lie under the first of these keys that is there, and may be
    written as text."""

    conversations: list[ShareTurn] | str | None = None
    conversation: list[ShareTurn] | None = None
    messages: list[ShareTurn] | str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by the roles that are its own; with `role` and `content`, read where `openai` knows
    not all of the roles."""
    row = unfold(row)
    roles = roles_of(row, _DIALECT)
    if roles is None:
        return Fit.NO
    key = messages_key(row, _DIALECT) or ""
    if "from" not in row[key][0] and (
        key != "conversations" or roles_of(row, openai.DIALECT) is not None
    ):
        return Fit.NO
    return Fit.READABLE if _MARKS.isdisjoint(roles) else Fit.MARKED


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(ShareGPTRow, row)
    return read_chat(row, _DIALECT)


def write(conversation: Conversation, warnings: list[str]) -> dict[str, Any]:
    """The row of a conversation, as LLaMA-Factory reads it: the system text in a column, the calls
    of a turn in one `function_call`, after a think block where there is reasoning. It has no
    weights, no ids of calls and no names."""
    row: dict[str, Any] = {"id": conversation.id} if conversation.id else {}
    messages = conversation.messages
    if _opens_with_system(messages):
        row["system"], messages = messages[0].content, messages[1:]
    row["conversations"] = [turn for message in messages for turn in _written(message)]
    takers = [turn["from"] in ("human", "observation") for turn in row["conversations"]]
    if any(taker != (number % 2 == 0) for number, taker in enumerate(takers)):
        warnings.append(NOT_ALTERNATING)
    if conversation.tools:
        row["tools"] = dumps([tool_row(tool) for tool in conversation.tools])
    return row | media_columns(conversation.media) | carried(conversation, DIALECT.meta)


def _opens_with_system(messages: tuple[Message, ...]) -> bool:
    return (
        len(messages) > 1
        and messages[0].role == "system"
        and messages[1].role != "system"
        and isinstance(messages[0].content, str)
        and bool(messages[0].content)
    )


def _written(message: Message) -> list[dict[str, Any]]:
    names = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}
    text = join_think(message.reasoning, message.text)
    if not message.tool_calls:
        return [{"from": names[message.role], "value": text}]
    rows = [call_row(call) for call in message.tool_calls]
    calls = dumps(rows[0] if len(rows) == 1 else rows)
    if not message.text and split_think(text)[0] == message.reasoning:
        return [{"from": "function_call", "value": text + calls}]
    return [{"from": "gpt", "value": text}, {"from": "function_call", "value": calls}]


FORMAT = Format(
    name="sharegpt",
    summary="conversations of from and value, with function_call and observation (LLaMA-Factory)",
    row_model=ShareGPTRow,
    detect=detect,
    read=read,
    general=True,
    write=write,
)
