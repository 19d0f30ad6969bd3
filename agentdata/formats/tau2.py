"""tau2-bench simulations: OpenAI messages with flat calls, also of the simulated user.

In some domains the user has a device with tools of its own; the agent sees neither those calls nor
their results, so they are left out, with a warning. Thinking that only the provider's record of a
message holds is its reasoning. Source: results of sierra-research/tau2-bench.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import Act, read_chat, roles_of
from agentdata.formats.common.rows import ChatMessage, Row
from agentdata.formats.common.values import check

USERS_CALL = "users_call_left_out"
"""Warning: a call of the simulated user, or its result, which the agent never saw."""

_LEFT_OUT = "left out"
DIALECT = replace(
    openai.DIALECT, messages=("messages",), roles={**openai.DIALECT.roles, _LEFT_OUT: Act.SKIP}
)


class Tau2Row(Row):
    """A row of `tau2`: one simulation."""

    messages: list[ChatMessage]


def detect(row: dict[str, Any]) -> Fit:
    """Marked by `turn_idx` on messages, with the side that made each call."""
    if roles_of(row, DIALECT) is None:
        return Fit.NO
    return Fit.MARKED if any("turn_idx" in message for message in row["messages"]) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    check(Tau2Row, row)
    messages = [_seen_by_the_agent(message) for message in row["messages"]]
    left_out = sum(message["role"] == _LEFT_OUT for message in messages if "role" in message)
    conversation = read_chat({**row, "messages": messages}, DIALECT)
    return replace(conversation, warnings=(*conversation.warnings, *[USERS_CALL] * left_out))


def _seen_by_the_agent(message: dict[str, Any]) -> dict[str, Any]:
    role = message.get("role")
    if (role == "user" and message.get("tool_calls")) or (
        role == "tool" and message.get("requestor") == "user"
    ):
        return {"role": _LEFT_OUT}
    thinking = _thinking(message.get("raw_data")) if role == "assistant" else ""
    return (
        {**message, "reasoning": thinking} if thinking and not message.get("reasoning") else message
    )


def _thinking(record: Any) -> str:
    """The thinking in a provider's record of a message."""
    if not isinstance(record, dict):
        return ""
    inner = record["message"] if isinstance(record.get("message"), dict) else record
    if isinstance(inner.get("reasoning_content"), str):
        return str(inner["reasoning_content"])
    blocks = inner.get("thinking_blocks")
    texts = (
        [b.get("thinking") for b in blocks if isinstance(b, dict)]
        if isinstance(blocks, list)
        else []
    )
    return "\n\n".join(text for text in texts if isinstance(text, str))


FORMAT = Format(
    name="tau2",
    summary="simulations of tau2-bench: flat tool_calls, requestor, turn_idx",
    row_model=Tau2Row,
    detect=detect,
    read=read,
)
