"""Gemma 4's calls: `<|tool_call>call:look{city:<|"|>Oslo<|"|>,days:2}<tool_call|>`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agentdata.call_text.base import Reader, skip_space
from agentdata.json_text import MAX_DEPTH, JsonError, loads

_OPEN, _CLOSE, _QUOTE = "<|tool_call>", "<tool_call|>", '<|"|>'
_HEAD = re.compile(r"\s*call:(?P<name>[^\n{}<>]*)(?=\{)")
_KEY = re.compile(r"\s*(?P<key>[^:{}\[\]<>,]+):")
_SCALAR = re.compile(r"[^,\[\]{}<>]+")


class _Unreadable(Exception):
    def __init__(self, at: int) -> None:
        self.at = at


@dataclass(frozen=True, slots=True)
class GemmaCalls:
    """An object with bare keys and strings in `<|"|>`; numbers, true, false and null as in JSON."""

    def find(self, text: str, start: int) -> int:
        return text.find(_OPEN, start)

    def read(self, reader: Reader, start: int) -> int:
        text = reader.text
        at = start + len(_OPEN)
        head = _HEAD.match(text, at)
        if head is None:
            reader.fault("no_name", "a call without a name", start, at)
            return at
        try:
            value, end = _value(text, head.end(), 0)
        except _Unreadable as error:
            close, again = text.find(_CLOSE, at), text.find(_OPEN, at)
            cut = close < 0 or 0 <= again < close
            end = (again if again >= 0 else len(text)) if cut else close
            code = "truncated_arguments" if error.at >= len(text) else "bad_arguments"
            reader.fault(code, "arguments that cannot be read", min(error.at, end), end)
            reader.add(head["name"], text[head.end() : end], head.span("name"), (head.end(), end))
            return end if cut else end + len(_CLOSE)
        reader.add(head["name"], value, head.span("name"), (head.end(), end))
        following = skip_space(text, end)
        if text.startswith(_CLOSE, following):
            return following + len(_CLOSE)
        reader.fault("missing_end", f"no {_CLOSE} after the call", end, end)
        return end


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    at = skip_space(text, at)
    if depth > MAX_DEPTH:
        raise _Unreadable(at)
    if text.startswith(_QUOTE, at):
        end = text.find(_QUOTE, at + len(_QUOTE))
        if end < 0:
            raise _Unreadable(len(text))
        return text[at + len(_QUOTE) : end], end + len(_QUOTE)
    if text.startswith("{", at):
        return _object(text, at + 1, depth)
    if text.startswith("[", at):
        return _list(text, at + 1, depth)
    scalar = _SCALAR.match(text, at)
    if scalar is None:
        raise _Unreadable(at)
    try:
        return loads(scalar[0]), scalar.end()
    except JsonError:
        raise _Unreadable(at) from None


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    at = skip_space(text, at)
    while not text.startswith("}", at):
        key = _KEY.match(text, at)
        if key is None:
            raise _Unreadable(at)
        found[key["key"]], at = _value(text, key.end(), depth + 1)
        at = _comma(text, at, "}")
    return found, at + 1


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    at = skip_space(text, at)
    while not text.startswith("]", at):
        item, at = _value(text, at, depth + 1)
        found.append(item)
        at = _comma(text, at, "]")
    return found, at + 1


def _comma(text: str, at: int, end: str) -> int:
    """The place of the next member, or of the end of the bracket."""
    at = skip_space(text, at)
    if text.startswith(",", at):
        return at + 1
    if not text.startswith(end, at):
        raise _Unreadable(at)
    return at
