"""ScreenAgent: steps of a session with a desktop, each a prompt with a screenshot and an answer.

The model saw each step by itself: its prompt says all that came before. So each is a conversation.
The answer is the one that people corrected (`LLM_response_editer`), and of the two published
languages the one that the task was given in.
Source: ScreenAgent (arXiv 2402.07945).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict

from agentdata.conversation import Conversation, Message, Part
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.media import MediaList
from agentdata.formats.common.values import check

_PROMPT, _ANSWERS = "send_prompt", ("LLM_response_editer", "LLM_response")
_LANGUAGES = ("zh", "en")


class ScreenAgentStep(BaseModel):
    """A step; other keys are allowed, also `send_prompt_zh`, `LLM_response_editer_en`, ..."""

    model_config = ConfigDict(extra="allow")

    send_prompt: str | None = None
    LLM_response: str | None = None
    LLM_response_editer: str | None = None
    saved_image_name: str | None = None
    session_id: str | None = None
    task_prompt: str | None = None


class ScreenAgentRow(ScreenAgentStep):
    """A step, or the list of the steps of a session as `records`."""

    records: list[ScreenAgentStep] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a step with a `send_prompt` and an `LLM_response`."""
    records = row.get("records")
    if isinstance(records, list) and records and isinstance(records[0], dict):
        row = records[0]
    answered = any(isinstance(row.get(key), str) for key in _ANSWERS)
    return Fit.MARKED if isinstance(row.get(_PROMPT), str) and answered else Fit.NO


def explode(row: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """A row for each step of a session."""
    steps = row.get("records")
    if not isinstance(steps, list) or detect(row) is Fit.NO:
        return []
    if not all(isinstance(step, dict) for step in steps):
        return []
    return [(f"/{index}", step) for index, step in enumerate(steps)]


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a step. Raises RowError `missing_field` where it has no prompt."""
    check(ScreenAgentRow, row)
    prompt, answer = _exchange(row)
    if prompt is None:
        raise RowError("missing_field", "the step has no prompt", pointer=f"/{_PROMPT}")
    media, content = MediaList({}), prompt
    name = row.get("saved_image_name")
    user = Message("user", content)
    if name:
        index = media.add("image", name, "/saved_image_name")
        user = Message("user", (Part("image", media=index), Part("text", content)))
    return Conversation(
        id=":".join(filter(None, (row.get("session_id"), PurePosixPath(name or "").stem))),
        messages=(user, Message("assistant", answer or "")),
        media=tuple(media.items),
    )


def _exchange(row: dict[str, Any]) -> tuple[str | None, str | None]:
    """Prompt and answer: the published pair in the language of the task, else as recorded."""
    given = row.get("task_prompt")
    own = [lang for lang in _LANGUAGES if given and row.get(f"task_prompt_{lang}") == given]
    for language in (*own, *_LANGUAGES):
        pair = (row.get(f"{_PROMPT}_{language}"), row.get(f"{_ANSWERS[0]}_{language}"))
        if all(isinstance(text, str) and text for text in pair):
            return pair
    return row.get(_PROMPT), next((row[key] for key in _ANSWERS if row.get(key)), None)


FORMAT = Format(
    name="screenagent",
    summary="steps of a session with a desktop: a prompt, a screenshot, an answer (ScreenAgent)",
    row_model=ScreenAgentRow,
    detect=detect,
    read=read,
    explode=explode,
)
