"""The Agent Data Protocol: actions and observations in turn, each of a `class_`.

A thought (`description`) is reasoning. Code is a call named by its language. What the environment
shows answers the calls before it; a page is the JSON text of what it has.
Source: arXiv 2510.24702; the schema of agent-data-protocol.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from agentdata.conversation import Conversation, Message, Part, ToolCall
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.media import MediaList
from agentdata.formats.common.rows import Row
from agentdata.formats.common.values import check, row_id
from agentdata.formats.toucan import take_declared_tools
from agentdata.json_text import dumps

_ACTIONS = frozenset({"api_action", "code_action", "message_action"})
_OBSERVATIONS = frozenset({"text_observation", "image_observation", "web_observation"})
_CLASSES = _ACTIONS | _OBSERVATIONS
_PAGE = ("url", "axtree", "html", "viewport_size")


class ADPStep(BaseModel):
    """An action or an observation; other keys are allowed."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    class_: str
    content: str | None = None
    description: str | None = None
    source: str | None = None
    name: str | None = None
    function: str | None = None
    language: str | None = None
    image_observation: dict[str, Any] | None = None


class ADPRow(Row):
    """A row of `adp`."""

    content: list[ADPStep]


def detect(row: dict[str, Any]) -> Fit:
    """Marked by steps that have a class of the protocol."""
    steps = row.get("content")
    if not isinstance(steps, list) or not steps:
        return Fit.NO
    classes = [step.get("class_") if isinstance(step, dict) else None for step in steps]
    return Fit.MARKED if any(c in _CLASSES for c in classes if isinstance(c, str)) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError: `no_messages`, `unknown_step` (no class of the
    protocol), `bad_tool_call` (a call without a name), `bad_media`."""
    check(ADPRow, row)
    if not row["content"]:
        raise RowError("no_messages", "the row has no steps", pointer="/content")
    reader = _Reader()
    for index, step in enumerate(row["content"]):
        reader.read(step, f"/content/{index}")
    return take_declared_tools(
        Conversation(
            id=row_id(row),
            messages=tuple(reader.messages),
            media=tuple(reader.media.items),
            warnings=tuple(reader.warnings),
        )
    )


class _Reader:
    def __init__(self) -> None:
        self.media = MediaList({})
        self.warnings: list[str] = []
        self.messages: list[Message] = []
        self.called = False

    def read(self, step: dict[str, Any], pointer: str) -> None:
        kind = step["class_"]
        if kind in _ACTIONS:
            calls = self._calls(step, kind, pointer)
            text = (step.get("content") or "") if kind == "message_action" else ""
            thought = step.get("description") or None
            self.messages.append(Message("assistant", text, thought, calls))
            self.called = bool(calls)
        elif kind in _OBSERVATIONS:
            self._observe(step, kind, pointer)
        else:
            known = ", ".join(sorted(_CLASSES))
            raise RowError(
                "unknown_step", f"{kind!r} is none of: {known}", pointer=f"{pointer}/class_"
            )

    def _calls(self, step: dict[str, Any], kind: str, pointer: str) -> tuple[ToolCall, ...]:
        if kind == "message_action":
            return ()
        if kind == "code_action":
            language = step.get("language") or "code"
            key = "command" if language in ("bash", "sh") else "code"
            return (ToolCall(language, {key: step.get("content") or ""}),)
        if not step.get("function"):
            raise RowError("bad_tool_call", "a call has no name", pointer=pointer)
        return (ToolCall(step["function"], read_arguments(step.get("kwargs"), self.warnings)),)

    def _observe(self, step: dict[str, Any], kind: str, pointer: str) -> None:
        content = self._content(step, kind, pointer)
        role: Literal["system", "user", "tool"] = "user"
        if step.get("source") != "user" and self.called:
            role = "tool"
        elif step.get("name") == "system" and not self.messages:
            role = "system"
        self.called = role == "tool"
        name = step.get("name") if role == "tool" else None
        self.messages.append(Message(role, content, name=name))

    def _content(self, step: dict[str, Any], kind: str, pointer: str) -> str | tuple[Part, ...]:
        if kind == "text_observation":
            return step.get("content") or ""
        if kind == "image_observation":
            index = self.media.add("image", step.get("content"), f"{pointer}/content")
            return (Part("image", media=index),)
        text = dumps({key: step[key] for key in _PAGE if step.get(key) is not None})
        image = step.get("image_observation")
        if not image:
            return text
        index = self.media.add(
            "image", image.get("content"), f"{pointer}/image_observation/content"
        )
        return (Part("text", text), Part("image", media=index))


FORMAT = Format(
    name="adp",
    summary="Agent Data Protocol: actions and observations, each of a class_",
    row_model=ADPRow,
    detect=detect,
    read=read,
)
