"""The end and the value of a JSON object, or a Python literal, inside a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agentdata.call_text.base import Place, Reader, skip_space
from agentdata.call_text.brackets import elements_of
from agentdata.errors import RowError
from agentdata.json_text import JsonError, loads
from agentdata.literals import read_text_value

_TOKEN = re.compile(
    r'"(?:[^"\\]++|\\.)*+"' r"|'(?:[^'\\]++|\\.)*+'" r"""|[\[\]{}"']""",
    re.DOTALL,
)
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_KEY = re.compile(r"""("(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+')\s*:\s*""", re.DOTALL)
_FENCE = re.compile(r"```[A-Za-z_]*[ \t]*\n?")
_FENCE_END = re.compile(r"\s*```")


@dataclass(frozen=True, slots=True)
class Value:
    """A value and its place; `after` is where the text goes on, past a code fence around it."""

    value: Any
    start: int
    end: int
    after: int


def read_value(reader: Reader, start: int, *, control_characters: bool = False) -> Value | None:
    """The JSON value at `start`: an object, a list or a string, in a code fence or not.

    A Python literal is read too, with a fault `python_literal`; with `control_characters` also JSON
    with line breaks and the like in its strings, with a fault `control_character`. None where there
    is no value (`bad_json`), or the text ends within it (`truncated_json`).
    """
    text = reader.text
    at = skip_space(text, start)
    fence = _FENCE.match(text, at)
    if fence:
        reader.fault("code_fence", "a code fence around the JSON", fence.start(), fence.end())
        at = skip_space(text, fence.end())
    end = _end(text, at)
    if end is None:
        if text.startswith(("{", "[", '"'), at):
            reader.fault("truncated_json", "the text ends within the JSON", at, len(text))
        else:
            reader.fault("bad_json", "no JSON where it should begin", at, min(at + 1, len(text)))
        return None
    written = text[at:end]
    try:
        value = loads(written)
    except JsonError as error:
        lenient = _nearly_json(written, control_characters)
        if lenient is None:
            place = min(at + error.position, end)
            reader.fault("bad_json", str(error), place, end)
            return None
        code, message, value = lenient
        reader.fault(code, message, at, end)
    closing = _FENCE_END.match(text, end) if fence else None
    return Value(value, at, end, closing.end() if closing else end)


def _nearly_json(text: str, control_characters: bool) -> tuple[str, str, Any] | None:
    """(code of a fault, message, value) of a text that is no JSON but nearly so."""
    try:
        return "python_literal", "a Python literal instead of JSON", read_text_value(text, "")
    except RowError:
        pass
    if not control_characters:
        return None
    try:
        return "control_character", "a control character in a string", loads(text, strict=False)
    except JsonError:
        return None


def _end(text: str, start: int) -> int | None:
    """The end of the bracketed value or string at `start`; None where it does not end."""
    if text.startswith('"', start):
        string = _STRING.match(text, start)
        return string.end() if string else None
    if not text.startswith(("{", "["), start):
        return None
    depth = 0
    for match in _TOKEN.finditer(text, start):
        token = match.group()
        if token in ("{", "["):
            depth += 1
        elif token in ("}", "]"):
            depth -= 1
            if not depth:
                return match.end()
        elif len(token) == 1:
            return None
    return None


def items(text: str, start: int, end: int, number: int) -> list[Place]:
    """The places of the `number` items of the list at `start`; all of it where not sure."""
    cut = elements_of(text, start + 1, end)
    return cut[0] if cut and len(cut[0]) == number else [(start, end)] * number


def members(text: str, start: int, end: int) -> dict[str, Place]:
    """The places of the values of the object at `start`, by key; a string's without its quotes."""
    found: dict[str, Place] = {}
    cut = elements_of(text, start + 1, end, "}")
    for begin, stop in cut[0] if cut else ():
        key = _KEY.match(text, begin, stop)
        if key is None:
            continue
        at = key.end()
        quoted = stop - at >= 2 and text[at] in "\"'" and text[stop - 1] == text[at]
        found[key[1][1:-1]] = (at + 1, stop - 1) if quoted else (at, stop)
    return found
