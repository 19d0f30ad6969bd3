"""The prompts that a server would build for the turns of one conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentdata.errors import AgentDataError, RowError
from agentdata.templates.jinja.course import Course
from agentdata.templates.jinja.engine import Engine
from agentdata.templates.jinja.limits import LIMIT
from agentdata.templates.jinja.tools import plain_tools
from agentdata.templates.jinja.values import untraced
from agentdata.templates.jinja.watched import UnwatchedError


class PlainPrompts:
    """Renders the messages before a turn.

    `variables` are those of the whole conversation with the model's turn to be opened; `switches`
    are other settings that a server may have, tried after the row's own, beginning with the one
    that was last asked for.
    """

    def __init__(
        self,
        engine: Engine,
        variables: Mapping[str, Any],
        switches: Sequence[Mapping[str, Any]],
    ) -> None:
        plain = {k: untraced(value) for k, value in variables.items() if k != "tools"}
        plain["tools"] = plain_tools(variables["tools"])
        self._settings = [_Setting(engine, {**plain, **setting}) for setting in ({}, *switches)]

    def __call__(self, message: int) -> Iterator[str]:
        for setting in list(self._settings):
            # What fitted one turn is likely to fit the next.
            self._settings.remove(setting)
            self._settings.insert(0, setting)
            try:
                text = setting.prompt(message)
            except RowError as error:
                if error.code == LIMIT:
                    raise
                continue
            yield text


class _Setting:
    """The prompts under one setting of the server."""

    def __init__(self, engine: Engine, variables: dict[str, Any]) -> None:
        self._engine = engine
        self._variables = variables
        self._course = Course(engine.render_lean, variables, variables["messages"])

    def prompt(self, message: int) -> str:
        """The text for the turn that begins with that message. Raises RowError."""
        if not self._engine.can_be_followed:
            return self._anew(message)
        try:
            text = self._course.render(message)
        except (RowError, UnwatchedError):
            text = self._anew(message)
            # The template takes these messages, but not as they are followed.
            self._engine.can_be_followed = False
            return text
        if self._engine.is_sample() and text != self._anew(message):
            raise AgentDataError(
                "template_mismatch",
                f"--template {self._engine.name}: the prompt of a turn that goes on from another's "
                "is not that of the template",
                remedy="report it with the template; choose another --template meanwhile",
            )
        return text

    def _anew(self, message: int) -> str:
        before = self._variables["messages"][:message]
        return self._engine.render_lean({**self._variables, "messages": before})
