"""Calls as a name, a separator and arguments as one value: ReAct, DeepSeek, Kimi, ChatGLM."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentdata.call_text.base import Fault, Reader, skip_space
from agentdata.call_text.values import read_value


@dataclass(frozen=True, slots=True)
class NamedCalls:
    """`open` name `separator` arguments `close`.

    Without `close` a call ends where its line does and one of `following` comes next. Without
    `open` a call begins at a name alone on its line with an object below. `literal` arguments are
    a Python dict, as ReAct templates print them; text that is none is kept as it stands.
    `fenced` arguments stand in a code fence. `name` is the form of what stands for the name, with
    a group `name`.
    """

    separator: str
    open: str = ""
    close: str = ""
    following: tuple[str, ...] = ()
    literal: bool = False
    fenced: bool = False
    name: str = r"\s*(?P<name>.*?)\s*"

    def find(self, text: str, start: int) -> int:
        if not self.open:
            return _bare_name(text, start)
        if self.close or not self.following:
            return text.find(self.open, start)
        word, separator = re.escape(self.open), re.escape(self.separator)
        form = rf"{word}(?=[^\n]*\n\s*{separator})|^[ \t]*{word}"
        match = re.compile(form, re.MULTILINE).search(text, start)
        return match.end() - len(self.open) if match else -1

    def read(self, reader: Reader, start: int) -> int:
        text = reader.text
        begin = text.index(self.open, start) + len(self.open)
        limit = self._limit(text, begin)
        separator = text.find(self.separator, begin, limit)
        if separator < 0:
            return self._without_arguments(reader, start, begin, limit)
        name, name_at = self._name(text, begin, separator)
        at = separator + len(self.separator)
        if not name:
            reader.fault("no_name", "a call without a name", start, at)
            return at
        return self._arguments(reader, name, name_at, at)

    def _limit(self, text: str, begin: int) -> int:
        """Where the name and its separator must have ended."""
        marks = [mark for mark in (self.open, self.close) if mark]
        found = [place for mark in marks if (place := text.find(mark, begin)) >= 0]
        return min(found, default=len(text))

    def _name(self, text: str, begin: int, end: int) -> tuple[str, tuple[int, int]]:
        match = re.compile(self.name, re.DOTALL).fullmatch(text, begin, end)
        if match is None:
            return text[begin:end], (begin, end)
        return match["name"], match.span("name")

    def _without_arguments(self, reader: Reader, start: int, begin: int, limit: int) -> int:
        line = reader.text.find("\n", begin, limit)
        end = line if line >= 0 and not self.close else limit
        name, place = self._name(reader.text, begin, end)
        reader.fault("no_arguments", "a call without arguments", start, end)
        if name:
            reader.add(name, {}, place, (end, end))
        return self._past_close(reader, end)

    def _arguments(self, reader: Reader, name: str, name_at: tuple[int, int], at: int) -> int:
        text = reader.text
        begin = skip_space(text, at) if not self.literal else at + text.startswith(" ", at)
        first = skip_space(text, begin)
        if text.startswith(("{", "```"), first) or (
            not self.literal and text.startswith('"', first)
        ):
            before = len(reader.faults)
            value = read_value(reader, first)
            reader.faults[before:] = [
                fault for fault in reader.faults[before:] if not self._is_own_way(fault)
            ]
            if value is not None:
                reader.add(name, value.value, name_at, (value.start, value.end))
                return self._end(reader, value.after)
        end = self._text_end(text, begin)
        written = text[begin:end]
        reader.add(name, written, name_at, (begin, end))
        return self._past_close(reader, end)

    def _text_end(self, text: str, begin: int) -> int:
        """Where arguments end that are no value."""
        if self.close or not self.following:
            found = [text.find(mark, begin) for mark in (self.close, self.open) if mark]
            return min((place for place in found if place >= 0), default=len(text))
        words = "|".join(map(re.escape, self.following))
        match = re.compile(rf"\n(?={words})|\n?\Z").search(text, begin)
        return match.start() if match else len(text)

    def _end(self, reader: Reader, at: int) -> int:
        """The end of a call whose arguments end at `at`."""
        text = reader.text
        following = skip_space(text, at)
        if self.close:
            if text.startswith(self.close, following):
                return following + len(self.close)
            end = self._text_end(text, at)
            if text.startswith(self.close, end):
                reader.fault("text_after_json", "text between the JSON and its end mark", at, end)
                return end + len(self.close)
            reader.fault("missing_end", f"no {self.close} after the call", at, at)
            return at
        if (
            not self.following
            or following == len(text)
            or text.startswith(self.following, following)
        ):
            return at
        end = self._text_end(text, at)
        reader.fault("text_after_json", "text after the arguments", at, end)
        return end

    def _past_close(self, reader: Reader, end: int) -> int:
        if not self.close:
            return end
        if reader.text.startswith(self.close, end):
            return end + len(self.close)
        reader.fault("missing_end", f"no {self.close} after the call", end, end)
        return end

    def _is_own_way(self, fault: Fault) -> bool:
        """Whether the template itself writes what JSON has not."""
        return (self.literal and fault.code == "python_literal") or (
            self.fenced and fault.code == "code_fence"
        )


def _bare_name(text: str, start: int) -> int:
    """Where a name begins that is alone before a line with an object; -1 where none does."""
    at = text.find("\n{", start)
    while at >= 0:
        name = at
        while name > start and (text[name - 1].isalnum() or text[name - 1] in "_-"):
            name -= 1
        while name < at and not (text[name].isalpha() or text[name] == "_"):
            name += 1
        if name < at:
            return name
        at = text.find("\n{", at + 1)
    return -1
