"""The Agent Trajectory Interchange Format: steps of system, user and agent (Harbor).

A step of the agent holds what it says, its reasoning, its calls and what came of them.
Source: the ATIF specification, versions 1.0 to 1.6.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.rows import Row
from agentdata.formats.common.values import check
from agentdata.formats.openai import Rewritten, read_rewritten

_ROLES = {"system": "system", "user": "user", "agent": "assistant"}


class ATIFStep(BaseModel):
    """A step; other keys are allowed."""

    model_config = ConfigDict(extra="allow")

    source: str
    message: str | list[Any] | None = None
    reasoning_content: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    observation: dict[str, Any] | None = None
    is_copied_context: bool | None = None


class ATIFRow(Row):
    """A row of `atif`."""

    session_id: str | None = None
    agent: dict[str, Any] | None = None
    steps: list[ATIFStep]


def detect(row: dict[str, Any]) -> Fit:
    """Marked by its `schema_version`, or by steps that have a `source` and a `message`."""
    steps = row.get("steps")
    if not isinstance(steps, list) or not steps:
        return Fit.NO
    if str(row.get("schema_version")).startswith("ATIF"):
        return Fit.MARKED
    known = all(
        isinstance(step, dict) and "message" in step and str(step.get("source")) in _ROLES
        for step in steps
    )
    return Fit.MARKED if known else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `unknown_role`, and those of lists of messages. A
    step that repeats the context of another run is not trained."""
    check(ATIFRow, row)
    messages: list[Rewritten] = []
    for index, step in enumerate(row["steps"]):
        pointer = f"/steps/{index}"
        messages += [(pointer, message) for message in _messages(step, pointer)]
    tools = (row.get("agent") or {}).get("tool_definitions")
    return read_rewritten({"id": row.get("session_id") or row.get("id"), "tools": tools}, messages)


def _messages(step: dict[str, Any], pointer: str) -> list[dict[str, Any]]:
    role = _ROLES.get(step["source"])
    if role is None:
        raise RowError(
            "unknown_role",
            f"the source {step['source']!r} is none of: {', '.join(_ROLES)}",
            pointer=f"{pointer}/source",
        )
    said: dict[str, Any] = {"role": role, "content": step.get("message")}
    if role == "assistant":
        said["reasoning_content"] = step.get("reasoning_content")
        said["tool_calls"] = [_call(call) for call in step.get("tool_calls") or []]
        if step.get("is_copied_context"):
            said["loss"] = False
    results = (step.get("observation") or {}).get("results")
    # What the agent did without calls is answered as by the user.
    answering = "tool" if step.get("tool_calls") else "user"
    return [said, *_results(results, answering)]


def _call(call: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": call.get("tool_call_id"),
        "name": call.get("function_name"),
        "arguments": call.get("arguments"),
    }


def _results(results: Any, role: str) -> list[dict[str, Any]]:
    found = [r for r in results if isinstance(r, dict)] if isinstance(results, list) else []
    return [
        {"role": role, "content": result.get("content")}
        | ({"tool_call_id": result.get("source_call_id")} if role == "tool" else {})
        for result in found
        if result.get("content") is not None
    ]


FORMAT = Format(
    name="atif",
    summary="steps of user and agent with calls and observations (ATIF, Harbor)",
    row_model=ATIFRow,
    detect=detect,
    read=read,
)
