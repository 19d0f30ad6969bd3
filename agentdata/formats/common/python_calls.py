"""Texts of rows that are nothing but calls in Python's syntax: ToolACE, BFCL, NeMo, ChatGLM3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentdata.call_text.python_calls import PythonCall, python_calls
from agentdata.conversation import ToolCall


def read_python_calls(
    text: str, parameters: Mapping[str, Sequence[str]] | None = None
) -> tuple[ToolCall, ...] | None:
    """The calls in a text that is nothing but calls: a list in brackets, or calls alone, whose
    names must then be Python's. None where it is anything else; `[]` is None too.

    `parameters` holds the names of each function's parameters, in their order, for arguments given
    by position. Arguments that are no literals, or whose names are not known, stay as the text
    between the parentheses. `true`, `false` and `null` are literals.

    >>> read_python_calls('[f(a=1, b="x"), g.h()]')
    (ToolCall(name='f', arguments={'a': 1, 'b': 'x'}, id=None), \
ToolCall(name='g.h', arguments={}, id=None))
    >>> read_python_calls("cd('docs')", {"cd": ["folder"]})
    (ToolCall(name='cd', arguments={'folder': 'docs'}, id=None),)
    """
    text = text.strip()
    if not text.endswith("]" if text.startswith("[") else ")"):
        return None
    cut = python_calls(text, 0, len(text))
    if cut is None or cut[1] != len(text):
        return None
    calls = [_call(text, call, parameters or {}) for _, call in cut[0]]
    found = tuple(call for call in calls if call is not None)
    return found if found and len(found) == len(calls) else None


def _call(
    text: str, call: PythonCall | None, parameters: Mapping[str, Sequence[str]]
) -> ToolCall | None:
    if call is None:
        return None
    arguments = _arguments(call, parameters.get(call.name, ()))
    if arguments is None and " " in call.name:
        return None  # words with a remark in parentheses
    return ToolCall(call.name, text[slice(*call.inside)] if arguments is None else arguments)


def _arguments(call: PythonCall, names: Sequence[str]) -> dict[str, Any] | None:
    """The arguments by name; None where they cannot be told."""
    arguments: dict[str, Any] = {}
    for position, argument in enumerate(call.arguments):
        given = argument.named(names[position] if position < len(names) else None)
        if given is None or not given.keys().isdisjoint(arguments):
            return None
        arguments |= given
    return arguments
