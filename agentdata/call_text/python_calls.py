"""Calls in Python's syntax, `[look(city="Oslo", days=2), now()]`: parsed by hand, and never run.

Names may be what Python would not take (`Get Weather`, `v1/list`), and so may the keywords of
arguments (`from`, `page-size`): tools have both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agentdata.call_text.base import Place, Reader, skip_space
from agentdata.call_text.brackets import elements_of
from agentdata.errors import RowError
from agentdata.literals import read_text_value

_NAME = re.compile(r"([\w/$][^()\[\]{}\"'=,:\n]*?)\s*\(")
_PLAIN_NAME = re.compile(r"([^\W\d][\w.]*)\(")
_KEY = re.compile(r"([^\W\d][\w.$@/-]*)\s*=(?!=)")
_BARE = re.compile(r"(?:^|(?<=\n))\[\s*(?=[^\W\d][\w.]*\()")


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument from `start` to `end`. `key` is None for one given by position or unpacked from
    a dict; `value` is None where `is_literal` is false."""

    start: int
    end: int
    key: str | None
    is_unpacked: bool
    is_literal: bool
    value: Any

    def named(self, name: str | None = None) -> dict[str, Any] | None:
        """What it gives, by name; None where that cannot be told. `name` is that of its place."""
        if not self.is_literal:
            return None
        if self.is_unpacked:
            return self.value if isinstance(self.value, dict) else None
        key = name if self.key is None else self.key
        return None if key is None else {key: self.value}


@dataclass(frozen=True, slots=True)
class PythonCall:
    """A call, the place of its name and of all between its parentheses."""

    name: str
    name_at: Place
    inside: Place
    arguments: tuple[Argument, ...]


def python_calls(
    text: str, start: int, end: int
) -> tuple[list[tuple[Place, PythonCall | None]], int] | None:
    """What stands in the list in brackets at `start`, or between line breaks, commas or semicolons
    up to `end`; and where that ends. Each is a call or None, with its place. The names of calls
    without brackets around them must be Python's.

    None where a bracket or a string does not end.
    """
    bracketed = text.startswith("[", start)
    cut = elements_of(text, start + 1, end) if bracketed else elements_of(text, start, end, "")
    if cut is None:
        return None
    places, after = cut
    name = _NAME if bracketed else _PLAIN_NAME
    return [(place, _call(text, place, name)) for place in places], after


def _call(text: str, place: Place, form: re.Pattern[str]) -> PythonCall | None:
    start, end = place
    name = form.match(text, start, end)
    cut = elements_of(text, name.end(), end, ")") if name else None
    if name is None or cut is None or cut[1] != end:
        return None
    arguments = tuple(_argument(text, *each) for each in cut[0])
    return PythonCall(name[1], name.span(1), (name.end(), end - 1), arguments)


def _argument(text: str, start: int, end: int) -> Argument:
    key = _KEY.match(text, start, end)
    is_unpacked = text.startswith("**", start, end)
    at = key.end() if key else start + 2 * is_unpacked
    try:
        value, is_literal = read_text_value(text[at:end], ""), True
    except RowError:
        value, is_literal = None, False
    return Argument(start, end, key[1] if key else None, is_unpacked, is_literal, value)


@dataclass(frozen=True, slots=True)
class PythonCalls:
    """`open` a list of calls, or calls on lines, `close`: those with literal keyword arguments."""

    open: str = ""
    close: str = ""

    def find(self, text: str, start: int) -> int:
        if self.open:
            return text.find(self.open, start)
        match = _BARE.search(text, start)
        return match.start() if match else -1

    def read(self, reader: Reader, start: int) -> int:
        text = reader.text
        begin = skip_space(text, start + len(self.open))
        end = text.find(self.close, begin) if self.close else -1
        end = len(text) if end < 0 else end
        bracketed = text.startswith("[", begin)
        cut = python_calls(text, begin, len(text) if bracketed else end)
        if cut is None:
            reader.fault("bad_python", "no Python calls: a bracket or string is open", begin, end)
        else:
            found, end = cut
            for place, call in found:
                _add(reader, place, call)
        following = skip_space(text, end)
        if not self.close or text.startswith(self.close, following):
            return max(following if self.close else end, start) + len(self.close)
        reader.fault("missing_end", f"no {self.close} after the calls", end, end)
        return max(end, start + len(self.open))


def _add(reader: Reader, place: Place, call: PythonCall | None) -> None:
    if call is None:
        reader.fault("no_call", "Python that is no call of a name", *place)
        return
    arguments: dict[str, Any] = {}
    for one in call.arguments:
        given = one.named()
        if given is not None:
            if not given.keys().isdisjoint(arguments):
                reader.fault("repeated_argument", "an argument is given twice", one.start, one.end)
            arguments |= given
        elif one.key is None and not one.is_unpacked:
            reader.fault("positional_argument", "an argument without a name", one.start, one.end)
        else:
            reader.fault("no_literal", "an argument that is no literal", one.start, one.end)
    end = call.inside[1]
    named = (one.start for one in call.arguments if one.key is not None or one.is_unpacked)
    reader.add(call.name, arguments, call.name_at, (next(named, end), end))
