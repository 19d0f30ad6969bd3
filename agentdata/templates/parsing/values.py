"""The end and the value of a JSON object, or a Python literal, inside a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agentdata.errors import RowError
from agentdata.json_text import JsonError, loads
from agentdata.literals import read_text_value
from agentdata.templates.parsing.base import Place, Reader, skip_space

_TOKEN = re.compile(
    r'"(?:[^"\\]++|\\.)*+"' r"|'(?:[^'\\]++|\\.)*+'" r"""|[\[\]{}"']""",
    re.DOTALL,
)
_PART = re.compile(
    r'"(?:[^"\\]++|\\.)*+"' r"|'(?:[^'\\]++|\\.)*+'" r"""|[\[\]{}(),:]""",
    re.DOTALL,
)
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_FENCE = re.compile(r"```[A-Za-z_]*[ \t]*\n?")
_FENCE_END = re.compile(r"\s*```")


@dataclass(frozen=True, slots=True)
class Value:
    """A value and its place; `after` is where the text goes on, past a code fence around it."""

    value: Any
    start: int
    end: int
    after: int


def read_value(reader: Reader, start: int) -> Value | None:
    """The JSON value at `start`: an object, a list or a string, in a code fence or not.

    A Python literal is read too, with a fault `python_literal`. None where there is no value
    (`bad_json`), or the text ends within it (`truncated_json`).
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
        try:
            value = read_text_value(written, "")
        except RowError:
            place = min(at + error.position, end)
            reader.fault("bad_json", str(error), place, end)
            return None
        reader.fault("python_literal", "a Python literal instead of JSON", at, end)
    closing = _FENCE_END.match(text, end) if fence else None
    return Value(value, at, end, closing.end() if closing else end)


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
    places = [(begin, stop) for begin, _, stop in _children(text, start, end)]
    return places if len(places) == number else [(start, end)] * number


def members(text: str, start: int, end: int) -> dict[str, Place]:
    """The places of the values of the object at `start`, by key; a string's without its quotes."""
    found: dict[str, Place] = {}
    for begin, colon, stop in _children(text, start, end):
        if colon < 0:
            continue
        key = text[begin:colon].strip()
        at = skip_space(text, colon + 1)
        quoted = stop - at >= 2 and text[at] in "\"'" and text[stop - 1] == text[at]
        found[key[1:-1]] = (at + 1, stop - 1) if quoted else (at, stop)
    return found


def _children(text: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """(start, place of the colon or -1, end) of what stands between the commas of a bracket."""
    children: list[tuple[int, int, int]] = []
    depth, begin, colon = 0, start + 1, -1

    def close(stop: int) -> None:
        at = skip_space(text, begin)
        if at < stop:
            children.append((at, colon, at + len(text[at:stop].rstrip())))

    for match in _PART.finditer(text, start, end):
        token = match.group()
        if token in "[{(":
            depth += 1
        elif token in "]})":
            depth -= 1
            if not depth:
                close(match.start())
        elif depth == 1 and token == ",":
            close(match.start())
            begin, colon = match.end(), -1
        elif depth == 1 and token == ":" and colon < 0:
            colon = match.start()
    return children
