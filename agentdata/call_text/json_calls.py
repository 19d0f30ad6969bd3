"""Calls as JSON objects: in tags, as a list behind a mark, or bare."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agentdata.call_text.base import Reader, skip_space
from agentdata.call_text.values import items, members, read_value
from agentdata.json_text import JsonError, loads

_BARE = re.compile(r'(?:\[\s*)?\{\s*"(?:name|type|function)"\s*:')
_NAME = re.compile(r"""["']name["']\s*:\s*("(?:[^"\\]|\\.)*"|'[^'\\]*')""", re.DOTALL)
_REST = re.compile(r"""\s*,\s*["'](?:arguments|parameters)["']\s*:\s*""")
_NAMES = ("name", "function")
_ARGUMENTS = ("arguments", "parameters", "args", "input")


@dataclass(frozen=True, slots=True)
class JsonCalls:
    """`open` JSON `close`, where the JSON is one call or a list of them.

    Without `close` the calls end with their JSON; without `open` a call begins at an object whose
    first key is a call's, and an object without arguments is none.
    """

    open: str = ""
    close: str = ""

    def find(self, text: str, start: int) -> int:
        if self.open:
            return text.find(self.open, start)
        match = _BARE.search(text, start)
        return match.start() if match else -1

    def read(self, reader: Reader, start: int) -> int:
        text = reader.text
        at = start + len(self.open)
        while True:
            read = read_value(reader, at, control_characters=True)
            if read is None:
                return self._unread(reader, start, at)
            self._add(reader, read.value, read.start, read.end)
            at = read.after
            following = skip_space(text, at)
            if text.startswith((",", ";"), following):
                following = skip_space(text, following + 1)
            if not self.close or not text.startswith(("{", "["), following):
                break
            at = following
        return self._closed(reader, at)

    def _closed(self, reader: Reader, at: int) -> int:
        """The end of the block behind its JSON."""
        text = reader.text
        if not self.close:
            return at
        following = skip_space(text, at)
        if text.startswith(self.close, following):
            return following + len(self.close)
        end, closed = self._block_end(text, at)
        if closed:
            reader.fault("text_after_json", "text between the JSON and its end mark", at, end)
            return end + len(self.close)
        reader.fault("missing_end", f"no {self.close} after the call", at, at)
        return at

    def _block_end(self, text: str, at: int) -> tuple[int, bool]:
        """Where the block ends that began before `at`, and whether its end mark stands there."""
        close = text.find(self.close, at) if self.close else -1
        following = text.find(self.open, at, None if close < 0 else close) if self.open else -1
        if following >= 0:
            return following, False
        return (close, True) if close >= 0 else (len(text), False)

    def _unread(self, reader: Reader, start: int, at: int) -> int:
        """The end of a block whose JSON is none; its name is kept where it stands there."""
        text = reader.text
        end, closed = self._block_end(text, at)
        match = _NAME.search(text, at, end)
        if match and self.open:
            name = _string(match[1])
            rest = _REST.match(text, match.end(), end)
            begin = rest.end() if rest else match.end()
            if name:
                written = text[begin:end].rstrip()
                place = (begin, begin + len(written))
                reader.add(name, written, (match.start(1) + 1, match.end(1) - 1), place)
        return max(end + (len(self.close) if closed else 0), start + 1)

    def _add(self, reader: Reader, value: Any, start: int, end: int) -> None:
        if isinstance(value, list):
            if not value and self.open:
                reader.fault("no_call", "an empty list of calls", start, end)
            places = items(reader.text, start, end, len(value))
            for item, (begin, stop) in zip(value, places, strict=True):
                self._add_one(reader, item, begin, stop)
            return
        self._add_one(reader, value, start, end)

    def _add_one(self, reader: Reader, value: Any, start: int, end: int) -> None:
        call, places = value, members(reader.text, start, end)
        if isinstance(value, dict) and isinstance(value.get("function"), dict):
            call, place = value["function"], places.get("function")
            places = members(reader.text, *place) if place else {}
        name_key = argument_key = None
        if isinstance(call, dict):
            name_key = next((key for key in _NAMES if isinstance(call.get(key), str)), None)
            argument_key = next((key for key in _ARGUMENTS if key in call), None)
        if not self.open and (name_key is None or argument_key is None):
            return
        if name_key is None:
            reader.fault("no_name", "a call without a name", start, end)
            return
        name_at = places.get(name_key, (start, end))
        call_id = value["id"] if isinstance(value.get("id"), str) else None
        if argument_key is None:
            reader.fault("no_arguments", "a call without arguments", start, end)
            reader.add(call[name_key], {}, name_at, (end, end), call_id)
            return
        arguments, place = call[argument_key], places.get(argument_key, (start, end))
        decoded = _object(arguments) if isinstance(arguments, str) else None
        if decoded is not None:
            reader.fault("double_encoded_arguments", "the arguments are JSON in JSON", *place)
            arguments = decoded
        reader.add(call[name_key], arguments, name_at, place, call_id)


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = loads(text)
    except JsonError:
        return None
    return value if isinstance(value, dict) else None


def _string(written: str) -> str:
    try:
        value = loads(written)
    except JsonError:
        return written[1:-1]
    return value if isinstance(value, str) else written[1:-1]
