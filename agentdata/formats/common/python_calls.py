"""Calls written in Python's syntax, `[f(a=1, b="x"), g.h()]`: parsed by hand, and never run.

Names may be what Python would not take (`Get Weather`, `v1/list`), and so may the keywords of
arguments (`from`, `page-size`): data hold both. Used by ToolACE, BFCL, NeMo and ChatGLM3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agentdata.conversation import ToolCall
from agentdata.errors import RowError
from agentdata.literals import read_text_value

_NAME = re.compile(r"([\w/$][^()\[\]{}\"'=,:\n]*?)\s*\(")
_PLAIN_NAME = re.compile(r"([^\W\d][\w.]*)\(")
_KEY = re.compile(r"([^\W\d][\w.$@/-]*)\s*=(?!=)")
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\''
    r'|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
    r"|[()\[\]{},\"']",
    re.DOTALL,
)
_CLOSERS = {"(": ")", "[": "]", "{": "}"}


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
    bracketed = text.startswith("[")
    if not text.endswith("]" if bracketed else ")"):
        return None
    cut = elements_of(text, 1) if bracketed else elements_of(f"{text}]", 0, "]")
    if cut is None:
        return None
    elements, end = cut
    if end != len(text) + (not bracketed):
        return None
    name = _NAME if bracketed else _PLAIN_NAME
    calls = [_call(element, name, parameters or {}) for element in elements]
    found = tuple(call for call in calls if call is not None)
    return found if found and len(found) == len(calls) else None


def _call(
    text: str, name: re.Pattern[str], parameters: Mapping[str, Sequence[str]]
) -> ToolCall | None:
    match = name.match(text)
    cut = elements_of(text, match.end(), ")") if match else None
    if match is None or cut is None or cut[1] != len(text):
        return None
    arguments = _arguments(cut[0], parameters.get(match[1], ()))
    if arguments is None and " " in match[1]:
        return None  # words with a remark in parentheses
    return ToolCall(match[1], text[match.end() : -1] if arguments is None else arguments)


def _arguments(elements: list[str], names: Sequence[str]) -> dict[str, Any] | None:
    """The arguments by name; None where they cannot be told."""
    arguments: dict[str, Any] = {}
    for position, element in enumerate(elements):
        match = _KEY.match(element)
        try:
            value = read_text_value(element[match.end() if match else 0 :].removeprefix("**"), "")
        except RowError:
            return None
        if match:
            given = {match[1]: value}
        elif element.startswith("**") and isinstance(value, dict):
            given = value
        elif position < len(names):
            given = {names[position]: value}
        else:
            return None
        if not given.keys().isdisjoint(arguments):
            return None
        arguments |= given
    return arguments


def elements_of(text: str, start: int, closer: str = "]") -> tuple[list[str], int] | None:
    """What stands between the commas from `start` to the closing bracket, and the place after it.
    A last comma adds nothing. None where a bracket or a string does not end."""
    elements: list[str] = []
    open_, begin = [closer], start
    for match in _TOKEN.finditer(text, start):
        token = match[0]
        if token in _CLOSERS:
            open_.append(_CLOSERS[token])
        elif token == open_[-1]:
            open_.pop()
            if not open_:
                last = text[begin : match.start()].strip()
                return [*elements, *([last] if last else [])], match.end()
        elif token == "," and len(open_) == 1:
            elements.append(text[begin : match.start()].strip())
            begin = match.end()
        elif token in ")]}\"'":
            return None
    return None
