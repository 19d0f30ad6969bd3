"""A wrong turn, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentdata.evaluation.judge import CallVerdict, TurnVerdict
from agentdata.json_text import dumps

_SHOWN_CHARS = 160


def diff(verdict: TurnVerdict) -> list[str]:
    """The calls of a turn: "- " what was expected, "+ " what was predicted, "  " what both say.

    Several values that would do are joined by "|"; "?" stands behind what may be left out.
    """
    lines = [line for call in verdict.calls for line in _of_call(call)]
    stand_in = [call.predicted for call in verdict.calls]
    for call in verdict.predicted.calls:
        if any(call is other for other in stand_in):
            continue
        lines += [f"+ {call.name}", *(f"+   {line}" for line in _arguments(call.arguments))]
    if not verdict.expected.calls and verdict.expected.calls_expected:
        lines.insert(0, "- (a call)")
    if not verdict.predicted.calls and verdict.predicted.content:
        lines.append(f"+ {_short(dumps(verdict.predicted.content))}")
    return lines


def _of_call(verdict: CallVerdict) -> Iterator[str]:
    expected, predicted = verdict.expected, verdict.predicted
    name = expected.call.name
    if predicted is None or not verdict.name:
        yield f"- {name}"
        yield from (f"-   {line}" for line in _expected(verdict))
        if predicted is not None:
            yield f"+ {predicted.name}"
            yield from (f"+   {line}" for line in _arguments(predicted.arguments))
        return
    yield f"  {name}"
    if verdict.url is False:
        yield f"-   url: {expected.url}"
    given = predicted.arguments
    if expected.options is None or isinstance(given, str):
        if not verdict.arguments:
            yield from (f"-   {line}" for line in _expected(verdict))
            yield from (f"+   {line}" for line in _arguments(given))
        return
    for key in dict.fromkeys((*expected.options, *given)):
        if key in given and key in expected.options and key not in verdict.wrong:
            yield f"    {key}: {_short(dumps(given[key]))}"
            continue
        if key in expected.options and (key in given or not expected.may_lack(key)):
            yield f"-   {_option(verdict, key)}"
        if key in given:
            yield f"+   {key}: {_short(dumps(given[key]))}"


def _expected(verdict: CallVerdict) -> list[str]:
    options = verdict.expected.options
    if options is None:
        return _arguments(verdict.expected.call.arguments)
    return [_option(verdict, key) for key in options]


def _option(verdict: CallVerdict, key: str) -> str:
    options = (verdict.expected.options or {})[key]
    may_lack = verdict.expected.may_lack(key)
    own = verdict.expected.call.arguments
    if len(options) == 1 and isinstance(own, dict) and key in own:
        # Its only value, without the lists that options are written in.
        options = [own[key]]
    shown = " | ".join(dumps(value) for value in options if value != "" or not may_lack)
    return f"{key}{'?' if may_lack else ''}: {_short(shown)}"


def _arguments(arguments: Any) -> list[str]:
    if not isinstance(arguments, dict):
        return [_short(str(arguments))]
    return [f"{key}: {_short(dumps(value))}" for key, value in arguments.items()]


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."
