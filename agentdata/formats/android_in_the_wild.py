"""Android in the Wild: one step of an episode per record, a screenshot with the action done on it.

The records of an episode stand one behind the other and are one conversation. A gesture is given by
where the finger went down and where it came up, both as (y, x) in shares of the screen.
What detectors found on the screen (`image/ui_annotations_...`) is not part of the prompt.
Source: Android in the Wild (arXiv 2307.10088); names of actions as in the Agent Data Protocol.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, StrictInt
from typing_extensions import TypedDict

from agentdata.conversation import Conversation, ToolCall
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.screens import screen_talk
from agentdata.formats.common.values import check

STEPS_MISSING = "steps_missing"
"""Warning: the file holds not all steps of an episode; those that it holds are read."""
_ACTION, _IMAGE = "results/action_type", "image/encoded"
_GESTURE, _TYPE = "dual_point_gesture", "type"
_NUMBERED = {
    3: _TYPE,
    4: _GESTURE,
    5: "go_back",
    6: "go_home",
    7: "enter",
    10: "task_complete",
    11: "task_impossible",
}
_NO_NAME = re.compile(r"\W+")

AndroidStep = TypedDict(
    "AndroidStep",
    {
        "episode_id": str | int,
        "episode_length": StrictInt | None,
        "step_id": StrictInt,
        "goal_info": str,
        "image/encoded": Any,
        "results/action_type": str | StrictInt | None,
        "results/type_action": str | None,
        "results/yx_touch": list[float] | None,
        "results/yx_lift": list[float] | None,
    },
    total=False,
)
"""A record; other keys are allowed."""


class AndroidEpisode(BaseModel):
    """The records of an episode."""

    records: list[AndroidStep]


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a step's `goal_info` and `results/action_type`."""
    records = row.get("records")
    if isinstance(records, list) and records and isinstance(records[0], dict):
        row = records[0]
    return Fit.MARKED if _ACTION in row and isinstance(row.get("goal_info"), str) else Fit.NO


def session(record: dict[str, Any]) -> str | None:
    """Records in a row that name one episode are one conversation."""
    episode = record.get("episode_id")
    return str(episode) if isinstance(episode, str | int) else None


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of an episode. Raises RowError `no_messages`, `missing_field` (no goal),
    `bad_tool_call` (no known action), `bad_step` (two records of one step), `bad_media`."""
    row = row if "records" in row else {"records": [row]}
    check(AndroidEpisode, row)
    records = sorted(enumerate(row["records"]), key=lambda pair: pair[1].get("step_id", 0))
    if not records:
        raise RowError("no_messages", "the episode has no steps", pointer="/records")
    numbers = [step.get("step_id", 0) for _, step in records]
    if len(set(numbers)) < len(numbers):
        raise RowError("bad_step", "two records are the same step", pointer="/records")
    first = records[0][1]
    if not first.get("goal_info"):
        raise RowError("missing_field", "the episode has no goal", pointer="/records/0/goal_info")
    whole = [*range(len(numbers))] == numbers
    whole = whole and first.get("episode_length") in (None, len(numbers))
    episode = first.get("episode_id")
    return screen_talk(
        "" if episode is None else str(episode),
        first["goal_info"],
        [("", _call(step, f"/records/{index}")) for index, step in records],
        [(_image(step.get(_IMAGE)), f"/records/{index}/image~1encoded") for index, step in records],
        [] if whole else [STEPS_MISSING],
    )


def _image(value: Any) -> Any:
    return {"bytes": value} if isinstance(value, bytes) else value or None


def _call(step: dict[str, Any], pointer: str) -> ToolCall:
    kind = step.get(_ACTION)
    name = _NO_NAME.sub("_", kind) if isinstance(kind, str) else _NUMBERED.get(kind or 0)
    if not name:
        at = f"{pointer}/results~1action_type"
        raise RowError("bad_tool_call", f"there is no action {kind!r}", pointer=at)
    arguments: dict[str, Any] = {}
    if name == _GESTURE:
        places = {key: step.get(f"results/{key}") for key in ("yx_touch", "yx_lift")}
        arguments = {key: place for key, place in places.items() if place is not None}
    elif name == _TYPE:
        arguments = {"text": step.get("results/type_action") or ""}
    return ToolCall(name, arguments)


FORMAT = Format(
    name="android_in_the_wild",
    summary="one step of an episode per record: screenshot and action (Android in the Wild)",
    row_model=AndroidEpisode,
    detect=detect,
    read=read,
    session=session,
)
