"""Runs of a web agent: pages and actions in turn under `trajectory` (WebArena).

The task is what the user asks, with the first page; each later page is the result of the action
before it. The model's chain of thought is reasoning, its action a call without its empty fields.
"""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Conversation, Message, ToolCall
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.rows import Row
from agentdata.formats.common.values import check, row_id
from agentdata.json_text import dumps

_PAGE = frozenset({"url", "axtree"})
_NO_ARGUMENTS = frozenset({"action_name", "action_type", "raw_prediction"})


class WebStepsRow(Row):
    """A row of `web_steps`."""

    intent: str
    trajectory: list[dict[str, Any]]


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a task under `intent`, and pages and actions by turns."""
    steps = row.get("trajectory")
    if not isinstance(row.get("intent"), str) or not isinstance(steps, list) or not steps:
        return Fit.NO
    first = steps[0]
    return Fit.MARKED if isinstance(first, dict) and first.keys() >= _PAGE else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `no_messages`, `unknown_step` (neither a page nor
    an action), `bad_tool_call` (an action without a name)."""
    check(WebStepsRow, row)
    if not row["trajectory"]:
        raise RowError("no_messages", "the row has no steps", pointer="/trajectory")
    messages: list[Message] = []
    for index, step in enumerate(row["trajectory"]):
        pointer = f"/trajectory/{index}"
        if isinstance(step.get("action"), dict):
            messages.append(_action(step, pointer))
        elif "axtree" not in step:
            raise RowError("unknown_step", "neither a page nor an action", pointer=pointer)
        elif messages:
            messages.append(Message("tool", _page(step)))
        else:
            messages.append(Message("user", f"{row['intent']}\n\n{_page(step)}"))
    return Conversation(id=row_id(row), messages=tuple(messages))


def _page(step: dict[str, Any]) -> str:
    texts = [step.get("url"), step["axtree"]]
    return "\n".join(text if isinstance(text, str) else dumps(text) for text in texts if text)


def _action(step: dict[str, Any], pointer: str) -> Message:
    action = step["action"]
    name = action.get("action_name")
    if not isinstance(name, str) or not name:
        raise RowError("bad_tool_call", "an action has no name", pointer=f"{pointer}/action")
    arguments = {
        key: value
        for key, value in action.items()
        if key not in _NO_ARGUMENTS and value not in ("", [], None, 0)
    }
    metadata = step.get("metadata")
    thought = metadata.get("cot") if isinstance(metadata, dict) else None
    reasoning = thought if isinstance(thought, str) and thought else None
    return Message("assistant", "", reasoning, (ToolCall(name, arguments),))


FORMAT = Format(
    name="web_steps",
    summary="pages and actions of a web agent, with the task beside them (WebArena)",
    row_model=WebStepsRow,
    detect=detect,
    read=read,
)
