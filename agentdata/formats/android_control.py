"""AndroidControl: a goal, the screenshots of a run, and the actions between them.

An action is a call; the instruction that people wrote for its step is what the model says to it.
The trees of what stands on the screens (`accessibility_trees`) are not part of the prompt.
Source: AndroidControl (arXiv 2406.03679).
"""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Conversation, ToolCall
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.rows import Row
from agentdata.formats.common.screens import screen_talk
from agentdata.formats.common.values import check

_NAME = "action_type"


class AndroidControlRow(Row):
    """A row of `android_control`."""

    episode_id: int | str | None = None
    goal: str
    screenshots: list[Any] | None = None
    actions: list[dict[str, Any]]
    step_instructions: list[str | None] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a goal and actions of an `action_type`, with screenshots or instructions of
    steps."""
    actions = row.get("actions")
    if not isinstance(row.get("goal"), str) or not isinstance(actions, list) or not actions:
        return Fit.NO
    named = all(isinstance(action, dict) and _NAME in action for action in actions)
    beside = isinstance(row.get("screenshots"), list) or "step_instructions" in row
    return Fit.MARKED if named and beside else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `no_messages`, `bad_tool_call` (an action without
    a type), `bad_step` (screenshots or instructions that belong to no action), `bad_media`."""
    check(AndroidControlRow, row)
    actions, said = row["actions"], row.get("step_instructions") or []
    screenshots = row.get("screenshots") or []
    if not actions:
        raise RowError("no_messages", "the row has no actions", pointer="/actions")
    if said and len(said) != len(actions):
        raise RowError(
            "bad_step",
            f"{len(said)} instructions for {len(actions)} actions",
            pointer="/step_instructions",
        )
    if len(screenshots) not in (0, len(actions), len(actions) + 1):
        raise RowError(
            "bad_step",
            f"{len(screenshots)} screenshots around {len(actions)} actions",
            pointer="/screenshots",
        )
    calls = [_call(action, f"/actions/{index}") for index, action in enumerate(actions)]
    texts = [text or "" for text in said] or [""] * len(calls)
    episode = row.get("episode_id")
    return screen_talk(
        "" if episode is None else str(episode),
        row["goal"],
        zip(texts, calls, strict=True),
        [(shot, f"/screenshots/{index}") for index, shot in enumerate(screenshots)],
    )


def _call(action: dict[str, Any], pointer: str) -> ToolCall:
    name = action.get(_NAME)
    if not isinstance(name, str) or not name:
        raise RowError("bad_tool_call", "an action has no type", pointer=f"{pointer}/{_NAME}")
    arguments = {key: value for key, value in action.items() if key != _NAME and value is not None}
    return ToolCall(name, arguments)


FORMAT = Format(
    name="android_control",
    summary="a goal, screenshots of a phone, and the actions between them (AndroidControl)",
    row_model=AndroidControlRow,
    detect=detect,
    read=read,
)
