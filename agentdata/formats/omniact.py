"""OmniACT: a task with a screenshot, and the script that does it, in one text.

What detectors found on the screen (`box`, `ocr`, `icon`, `color`) is not part of the prompt.
Source: OmniACT (arXiv 2402.17553).
"""

from __future__ import annotations

import re
from typing import Any

from agentdata.conversation import Conversation, Message, Part
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.media import MediaList
from agentdata.formats.common.rows import Row
from agentdata.formats.common.values import check, row_id

_TASK = re.compile(r"\s*(?P<prompt>Task:.*?\nOutput Script:)[ \t]*\n?(?P<script>.*)\Z", re.DOTALL)


class OmniActRow(Row):
    """A row of `omniact`."""

    task: str
    image: Any = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a task text that holds `Task:` and an `Output Script:`."""
    task = row.get("task")
    return Fit.MARKED if isinstance(task, str) and _TASK.match(task) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `missing_field`, `bad_content` (no script in the
    text), `bad_media`."""
    check(OmniActRow, row)
    match = _TASK.match(row["task"])
    if match is None:
        raise RowError("bad_content", "the text has no task and script", pointer="/task")
    media, content = MediaList({}), match["prompt"]
    user = Message("user", content)
    if row.get("image"):
        index = media.add("image", row["image"], "/image")
        user = Message("user", (Part("image", media=index), Part("text", content)))
    script = Message("assistant", match["script"].rstrip("\n"))
    return Conversation(id=row_id(row), messages=(user, script), media=tuple(media.items))


FORMAT = Format(
    name="omniact",
    summary="a task with a screenshot and the pyautogui script that does it (OmniACT)",
    row_model=OmniActRow,
    detect=detect,
    read=read,
)
