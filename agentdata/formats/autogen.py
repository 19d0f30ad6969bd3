"""AutoGen: the messages and events of a run (0.4), and a `chat_history` (0.2).

Agents are the model, whatever their names. A summary of what tools gave is put together by the
program, and not trained.
Source: AutoGen (arXiv 2308.08155), `autogen_agentchat.messages`.
"""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import roles_of
from agentdata.formats.common.rows import ChatMessage, Row
from agentdata.formats.common.values import check
from agentdata.formats.openai import Rewritten, read_rewritten

_SAID = frozenset({"TextMessage", "MultiModalMessage", "ThoughtEvent"})
_BY_PROGRAM = frozenset({"ToolCallSummaryMessage", "HandoffMessage"})
_REQUEST, _EXECUTION = "ToolCallRequestEvent", "ToolCallExecutionEvent"
_PASSED_OVER = frozenset(
    {"StopMessage", "UserInputRequestedEvent", "ModelClientStreamingChunkEvent"}
)
_KNOWN = _SAID | _BY_PROGRAM | _PASSED_OVER | {_REQUEST, _EXECUTION}
_HISTORY = "chat_history"


class AutoGenRow(Row):
    """A row of `autogen`."""

    messages: list[dict[str, Any]] | None = None
    chat_history: list[ChatMessage] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by messages that have one of its types and a source, or by a `chat_history` of roles
    and contents."""
    events = row.get("messages")
    if isinstance(events, list) and events:
        named = all(isinstance(event, dict) and _kind(event) in _KNOWN for event in events)
        return Fit.MARKED if named else Fit.NO
    history = {"messages": row.get(_HISTORY)}
    return Fit.NO if roles_of(history, openai.DIALECT) is None else Fit.MARKED


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `no_messages`, `unknown_event`, and those of lists
    of messages."""
    check(AutoGenRow, row)
    messages: list[Rewritten] = []
    for index, message in enumerate(row.get(_HISTORY) or []):
        messages += [(f"/{_HISTORY}/{index}", answer) for answer in _answers(message)]
    for index, event in enumerate(row.get("messages") or []):
        pointer = f"/messages/{index}"
        messages += [(pointer, message) for message in _event(event, pointer)]
    if not messages:
        raise RowError("no_messages", "the row has no messages", pointer="/messages")
    return read_rewritten({key: row.get(key) for key in ("id", "tools")}, messages)


def _answers(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The message; the answers of several calls each as one of its own."""
    answers = message.get("tool_responses")
    return answers if isinstance(answers, list) and answers else [message]


def _kind(event: dict[str, Any]) -> str:
    kind = event.get("type")
    return kind if isinstance(kind, str) and isinstance(event.get("source"), str) else ""


def _event(event: dict[str, Any], pointer: str) -> list[dict[str, Any]]:
    kind, content = _kind(event), event.get("content")
    role = "user" if event.get("source") in ("user", "user_proxy") else "assistant"
    if kind in _SAID:
        return [{"role": role, "content": content}]
    if kind in _BY_PROGRAM:
        return [{"role": role, "content": content, **({"loss": False} if role != "user" else {})}]
    if kind in _PASSED_OVER:
        return []
    if kind in (_REQUEST, _EXECUTION) and isinstance(content, list):
        if kind == _REQUEST:
            return [{"role": "assistant", "content": "", "tool_calls": content}]
        return [
            {"role": "tool", **{k: answer.get(k) for k in ("content", "name")}}
            | {"tool_call_id": answer.get("call_id")}
            for answer in content
            if isinstance(answer, dict)
        ]
    raise RowError("unknown_event", f"no event of AutoGen: {kind!r}", pointer=pointer)


FORMAT = Format(
    name="autogen",
    summary="messages and events of agents, or a chat_history (AutoGen)",
    row_model=AutoGenRow,
    detect=detect,
    read=read,
)
