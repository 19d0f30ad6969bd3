"""Runs a compiled template on messages and tools."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2 import nodes

from agentdata.errors import RowError, UsageError
from agentdata.templates.jinja.course import Course
from agentdata.templates.jinja.environment import TracingEnvironment
from agentdata.templates.jinja.instrument import compile_template
from agentdata.templates.jinja.lean import LeanTemplate
from agentdata.templates.jinja.limits import MAX_CHARS, check_length, too_much
from agentdata.templates.jinja.origin import SPECIAL, Field, Origin
from agentdata.templates.jinja.plain import plain_template
from agentdata.templates.jinja.text import Text, joined
from agentdata.templates.jinja.values import traced, untraced

_FAULTS = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


class Engine:
    """A template with the special tokens it may write ({"bos_token": "<s>"}) and the day it is.

    Compiled once and when unpickled; renders one row at a time. `can_be_followed` says whether a
    `Course` can follow the template, as far as is known.
    """

    def __init__(
        self, source: str, tokens: Mapping[str, str], date: datetime.date, name: str
    ) -> None:
        self.source = source
        self.tokens = dict(tokens)
        self.date = date
        self.name = name
        self._compile()

    def _compile(self) -> None:
        moment = datetime.datetime.combine(self.date, datetime.time())
        self._environment = TracingEnvironment(moment)
        try:
            self._template = compile_template(self._environment, self.source)
            self._plain = plain_template(self.source, moment)
            self._lean = LeanTemplate(self.source, moment)
        except jinja2.TemplateSyntaxError as error:
            raise UsageError(
                "bad_template",
                f"--template {self.name}: line {error.lineno}: {error.message}",
                remedy="a template must be Jinja as Hugging Face runs it",
            ) from None
        except RecursionError:
            raise UsageError("bad_template", f"--template {self.name}: nested too deeply") from None
        self._globals = {name: traced(text, SPECIAL) for name, text in self.tokens.items()}
        self.can_be_followed = True
        self._prompts = 0

    def __getstate__(self) -> tuple[Any, ...]:
        return (self.source, self.tokens, self.date, self.name)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.source, self.tokens, self.date, self.name = state
        self._compile()

    def is_sample(self) -> bool:
        """True for the 1st, 2nd, 4th, 8th ... prompt that is asked about: those to be checked."""
        self._prompts += 1
        return not self._prompts & (self._prompts - 1)

    def parse(self) -> nodes.Template:
        """The syntax tree of the template as it stands."""
        return self._environment.parse(self.source)

    def variables(
        self,
        messages: list[Any],
        tools: list[Any] | None,
        options: Mapping[str, Any],
        open_turn: bool,
    ) -> dict[str, Any]:
        """What a template sees; `options` are the row's `chat_template_kwargs`."""
        origin = Origin(Field.OPTION)
        return {
            **self._globals,
            "documents": None,
            **{key: traced(value, origin) for key, value in options.items()},
            "messages": messages,
            "tools": tools,
            "add_generation_prompt": open_turn,
        }

    def render(self, variables: dict[str, Any]) -> Text:
        """The text with its sources. Raises RowError `template_error`, `template_limit`."""
        self._environment.trace.begin()
        with _refusing():
            pieces: list[str] = []
            length = 0
            for piece in self._template.root_render_func(self._template.new_context(variables)):
                length += len(piece)
                if length > MAX_CHARS:
                    check_length(length)
                pieces.append(piece)
            return joined(pieces)

    def render_plain(self, variables: dict[str, Any]) -> str:
        """The text of the untouched template. Raises RowError as `render`."""
        with _refusing():
            return self._plain.render({k: untraced(v) for k, v in variables.items()})

    def render_lean(self, variables: dict[str, Any], course: Course | None = None) -> str:
        """The same within bounds, of variables in plain Python types, or of messages that `course`
        follows."""
        with _refusing():
            return self._lean.render(variables, course)


class _refusing:
    """Faults of a template, and its want of stack or memory, become refusals of the row."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, RecursionError):
            raise too_much("calls itself without end") from None
        if isinstance(error, _FAULTS):
            raise _refused(error) from None
        if isinstance(error, MemoryError):
            raise too_much("needs more memory than there is") from None


def _refused(error: Exception) -> RowError:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return RowError(
        "template_error",
        f"the chat template cannot render the row: {reason}",
        remedy="the template's model does not take such a conversation",
    )
