"""The same sandbox without any tracing: what the text of an untouched template is."""

from __future__ import annotations

import datetime
from typing import Any

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agentdata.templates.jinja.environment import (
    Generation,
    TemplateDict,
    TemplateNamespace,
    Unfolded,
    raise_exception,
)
from agentdata.templates.jinja.values import MOST_TEXTS, PlainKept, json_encoder


class PlainEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox of chat templates; nothing is worked out while compiling."""

    code_generator_class = Unfolded


def plain_template(source: str, date: datetime.datetime) -> jinja2.Template:
    """The template of `source` as Hugging Face compiles it, on the given date."""
    environment = PlainEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[Generation, loopcontrols],
        optimized=False,
    )
    add_globals(environment, date)
    return environment.from_string(source)


def add_globals(environment: jinja2.Environment, date: datetime.datetime) -> None:
    """Give an environment what Hugging Face gives to chat templates."""
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda format: date.strftime(format)
    environment.globals["dict"] = TemplateDict()
    environment.globals["namespace"] = TemplateNamespace


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | str | None = None,
    separators: Any = None,
    sort_keys: bool = False,
) -> str:
    if isinstance(separators, list):
        separators = tuple(separators)
    way = (ensure_ascii, indent, separators, sort_keys)
    if not isinstance(value, PlainKept):
        return json_encoder(*way).encode(value)
    if way not in value.texts:
        if len(value.texts) >= MOST_TEXTS:
            value.texts.clear()
        value.texts[way] = json_encoder(*way).encode(value)
    text: str = value.texts[way]
    return text
