"""Calls with marks around every argument: Qwen3-Coder, GLM-4.5, MiniMax, DeepSeek-V4."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agentdata.call_text.base import Reader, skip_space
from agentdata.json_text import JsonError, loads

_CDATA = re.compile(r"<!\[CDATA\[(.*)\]\]>", re.DOTALL)
_HOLES = {
    "name": r"(?P<name>[^\n<>\"{}]+)",
    "key": r"(?P<key>[^\n<>\"]+)",
    "type": r"(?P<type>\w+)",
    "number": r"\d+",
    " ": r"\s*",
}


@dataclass(frozen=True)
class ParameterCalls:
    """`call` parameters `end`, a parameter being `parameter` value `parameter_end`.

    `call` and `parameter` are texts with holes: `{name}`, `{key}`, `{number}`, `{type}` (which says
    whether the value is text: `text_types` names the types that are) and `{ }` for white space.
    Without a type a value is JSON where it reads as such, unless the parameter is declared as
    text. `lines` are values on lines of their own; with `cdata`, text may stand in a CDATA section.
    """

    call: str
    end: str
    parameter: str
    parameter_end: str
    text_types: tuple[str, ...] = ()
    lines: bool = False
    cdata: bool = False

    def find(self, text: str, start: int) -> int:
        match = self._call.search(text, start)
        return match.start() if match else -1

    def read(self, reader: Reader, start: int) -> int:
        text = reader.text
        opening = self._call.match(text, start)
        assert opening is not None
        arguments: dict[str, Any] = {}
        at = first = last = opening.end()
        while parameter := self._parameter.match(text, skip_space(text, at)):
            first = parameter.start() if not arguments else first
            end, at = self._value_end(reader, parameter.end())
            value = self._value(reader, text[parameter.end() : end], opening["name"], parameter)
            if parameter["key"] in arguments:
                reader.fault("repeated_argument", "an argument is given twice", *parameter.span())
            arguments[parameter["key"]] = value
            last = at
        reader.add(opening["name"], arguments, opening.span("name"), (first, last))
        return self._close(reader, at)

    def _value_end(self, reader: Reader, start: int) -> tuple[int, int]:
        """The end of a value, and of its end mark: the first that another parameter or the end of
        the call follows, so that a value may hold the mark."""
        text = reader.text
        match = self._sure_end.search(text, start)
        stop = self._stop.search(text, start)
        if match and (stop is None or match.start() <= stop.start() or self._is_inside(text, stop)):
            return match.start(), match.end()
        near = text.find(self.parameter_end, start, stop.start() if stop else None)
        if near >= 0:
            return near, near + len(self.parameter_end)
        end = stop.start() if stop else len(text)
        reader.fault("missing_end", f"no {self.parameter_end} after the argument", end, end)
        return end, end

    def _is_inside(self, text: str, stop: re.Match[str]) -> bool:
        """Whether a mark that would end the call stands within a value."""
        before = text[: stop.start()].rstrip()
        return not before.endswith(self.parameter_end)

    def _close(self, reader: Reader, at: int) -> int:
        text = reader.text
        following = skip_space(text, at)
        if text.startswith(self.end, following):
            return following + len(self.end)
        end = text.find(self.end, at)
        opening = self._call.search(text, at)
        if end >= 0 and (opening is None or end < opening.start()):
            reader.fault("text_after_arguments", "text that is no argument", following, end)
            return end + len(self.end)
        reader.fault("missing_end", f"no {self.end} after the call", at, at)
        return at

    def _value(self, reader: Reader, written: str, name: str, parameter: re.Match[str]) -> Any:
        if self.lines:
            written = written.removeprefix("\n").removesuffix("\n")
        if self.cdata and (quoted := _CDATA.fullmatch(written)):
            return quoted[1]
        groups = parameter.groupdict()
        number = len(reader.calls)
        if "type" in groups:
            is_text = groups["type"] in self.text_types
        else:
            is_text = reader.is_text(number, name, parameter["key"])
        if is_text:
            return written
        try:
            value = loads(written)
        except JsonError as error:
            if "type" in groups:
                reader.fault(
                    "bad_json", str(error), parameter.end(), parameter.end() + len(written)
                )
            return written
        return written if isinstance(value, str) and "type" not in groups else value

    @cached_property
    def _call(self) -> re.Pattern[str]:
        return re.compile(_pattern(self.call))

    @cached_property
    def _parameter(self) -> re.Pattern[str]:
        return re.compile(_pattern(self.parameter))

    @cached_property
    def _sure_end(self) -> re.Pattern[str]:
        again = _pattern(self.parameter).replace("(?P<key>", "(?:").replace("(?P<type>", "(?:")
        end = re.escape(self.end)
        return re.compile(rf"{re.escape(self.parameter_end)}(?=\s*(?:{again}|{end}|\Z))")

    @cached_property
    def _stop(self) -> re.Pattern[str]:
        """What ends a call whose value has no end mark."""
        return re.compile(f"{re.escape(self.end)}|{_pattern(self.parameter, named=False)}")


def _pattern(form: str, *, named: bool = True) -> str:
    """The regular expression of a text with holes."""
    parts = re.split(r"\{(name|key|type|number| )\}", form)
    out = [_HOLES[part] if place % 2 else re.escape(part) for place, part in enumerate(parts)]
    pattern = "".join(out)
    return pattern if named else re.sub(r"\?P<\w+>", "?:", pattern)


def keyed_calls(word: str, ending: str = "", after_name: str = "") -> ParameterCalls:
    """Calls of the GLM kind: <tool_call>name<arg_key>key</arg_key><arg_value>value</arg_value>.
    `ending` is what every mark ends with."""
    return ParameterCalls(
        call=f"<tool_call{ending}>{{name}}{after_name}{{ }}",
        end=f"</tool_call{ending}>",
        parameter=f"<{word}_key{ending}>{{key}}</{word}_key{ending}>{{ }}<{word}_value{ending}>",
        parameter_end=f"</{word}_value{ending}>",
    )


def function_calls(lines: bool) -> ParameterCalls:
    """Calls of the Qwen3-Coder kind: <function=name><parameter=key>value</parameter></function>."""
    return ParameterCalls(
        "<function={name}>", "</function>", "<parameter={key}>", "</parameter>", lines=lines
    )
