"""The prompts that a server would build for the turns of one conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentdata.errors import RowError
from agentdata.templates.jinja.engine import Engine
from agentdata.templates.jinja.limits import LIMIT
from agentdata.templates.jinja.values import untraced


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
        self._engine = engine
        self._variables = {key: untraced(value) for key, value in variables.items()}
        self._messages: list[Any] = self._variables["messages"]
        self._settings: list[Mapping[str, Any]] = [{}, *switches]

    def __call__(self, message: int) -> Iterator[str]:
        before = self._messages[:message]
        for setting in list(self._settings):
            # What fitted one turn is likely to fit the next.
            self._settings.remove(setting)
            self._settings.insert(0, setting)
            try:
                text = self._engine.render_lean({**self._variables, **setting, "messages": before})
            except RowError as error:
                if error.code == LIMIT:
                    raise
                continue
            yield text
