"""SWE-agent trajectories: `history` and `trajectory` of a `.traj` file, and rows with role `ai`.

A demonstration stands in the prompt that the model saw, so it stays, but is not trained. A command
that is a part of the text is a call of `bash`; what the environment answers is its result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import Act, Dialect, messages_key, read_chat, roles_of
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.rows import ChatMessage, Row
from agentdata.formats.common.text_actions import (
    command_tag,
    function_tags,
    last_block,
    take_actions,
)
from agentdata.formats.common.values import check

DIALECT = Dialect(
    messages=("history", "trajectory", "messages"),
    content=("content", "text", "system_prompt"),
    roles={
        "system": Act.SYSTEM,
        "user": Act.USER,
        "assistant": Act.ASSISTANT,
        "ai": Act.ASSISTANT,
        "tool": Act.TOOL,
    },
    loss={"mask": True, "loss": True},
)
DEMO_NOT_TRAINED = "demo_not_trained"
"""Warning: a turn of the model in a demonstration, which is not trained."""
_STYLES = (command_tag, function_tags, last_block)
_MESSAGE_MARKS = ("agent", "is_demo", "message_type", "thought", "tool_call_ids", "system_prompt")
_CHAT_MARKS = ("is_demo", "message_type", "tool_call_ids")
"""Under `messages`, as other chats have it, these alone mark a row."""
_STEP_MARKS = frozenset({"action", "observation"})


class SWEAgentRow(Row):
    """A row of `swe_agent`: messages under the first of `history`, `trajectory` and `messages`
    that is there; `trajectory` may hold steps of thought, action and observation instead."""

    history: list[ChatMessage] | None = None
    trajectory: list[ChatMessage] | None = None
    messages: list[ChatMessage] | str | None = None
    attempts: list[dict[str, Any]] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by messages that name their agent, demonstration or system prompt, or by steps of
    action and observation."""
    row = unfold(row)
    if any(_fits(attempt) for attempt in _attempts(row)):
        return Fit.MARKED
    return Fit.MARKED if _fits(row) else Fit.NO


def explode(row: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """The attempts of a run that was tried several times, where the row does not say which won."""
    attempts = _attempts(row) if detect(row) else []
    return [(f"/attempts/{index}", attempt) for index, attempt in enumerate(attempts)]


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(SWEAgentRow, row)
    key = messages_key(row, DIALECT) or "history"
    steps = row.get(key) or []
    if not row.get("history") and _are_steps(steps):
        row = {**row, "trajectory": [m for step in steps for m in _step_messages(step)]}
    else:
        row = {**row, key: [_message(message) for message in steps]}
    demos = sum(bool(message.get("_demo")) for message in row[key])
    conversation = take_actions(read_chat(row, DIALECT), _STYLES)
    warnings = (*conversation.warnings, *[DEMO_NOT_TRAINED] * demos)
    return replace(conversation, warnings=warnings)


def _attempts(row: dict[str, Any]) -> list[dict[str, Any]]:
    attempts = row.get("attempts")
    if row.get("history") or row.get("trajectory") or not isinstance(attempts, list):
        return []
    return [attempt for attempt in attempts if isinstance(attempt, dict)]


def _fits(row: dict[str, Any]) -> bool:
    key = messages_key(row, DIALECT)
    if key is None:
        return False
    if not row.get("history") and _are_steps(row[key]):
        return True
    marks = _CHAT_MARKS if key == "messages" else _MESSAGE_MARKS
    return roles_of(row, DIALECT) is not None and any(
        mark in message for message in row[key] for mark in marks
    )


def _are_steps(steps: Any) -> bool:
    return bool(steps) and all(
        isinstance(step, dict) and "role" not in step and step.keys() >= _STEP_MARKS
        for step in steps
    )


def _message(raw: dict[str, Any]) -> dict[str, Any]:
    message = dict(raw)
    ids = raw.get("tool_call_ids")
    if raw.get("role") == "tool" and isinstance(ids, list) and ids:
        message["tool_call_id"] = ids[0]
    thinking = _thinking(raw.get("thinking_blocks"))
    if thinking:
        message["reasoning"] = thinking
    if raw.get("is_demo") and raw.get("role") in ("assistant", "ai"):
        message |= {"loss": False, "mask": None, "_demo": True}
    return message


def _thinking(blocks: Any) -> str:
    texts = [
        block["thinking"]
        for block in (blocks if isinstance(blocks, list) else [])
        if isinstance(block, dict) and isinstance(block.get("thinking"), str)
    ]
    return "".join(texts)


def _step_messages(step: dict[str, Any]) -> list[dict[str, Any]]:
    """A step as the turn of the model and the answer of the environment."""
    action, thought = step.get("action"), step.get("thought")
    if isinstance(action, str) and action.strip():
        call = {"function": {"name": "bash", "arguments": {"command": action.rstrip("\n")}}}
        said = {"role": "assistant", "content": thought, "tool_calls": [call]}
        return [said, {"role": "tool", "content": step.get("observation")}]
    return [{"role": "assistant", "content": step.get("response") or thought}]


FORMAT = Format(
    name="swe_agent",
    summary="SWE-agent: history of a .traj file, thought and command as text or as calls",
    row_model=SWEAgentRow,
    detect=detect,
    read=read,
    explode=explode,
)
