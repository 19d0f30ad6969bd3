"""Lists that stand inside a text: tools in a system prompt, calls in a fence of backticks."""

from __future__ import annotations

import re
from typing import Any

from agentdata.call_text.base import Reader
from agentdata.call_text.values import read_value
from agentdata.conversation import ToolCall
from agentdata.errors import RowError
from agentdata.formats.common.calls import read_calls_text
from agentdata.formats.common.values import json_or_none
from agentdata.literals import read_text_value

_FENCE = re.compile(r"\s*```(?:json)?\s*(.*?)\s*```\s*", re.DOTALL | re.IGNORECASE)


def take_list(text: str, opening: re.Pattern[str]) -> tuple[list[Any], str]:
    """The list, as JSON or a Python literal, whose `[` ends the first match of `opening`, and the
    text without the match and the list; ([], text) where there is none that can be read."""
    match = opening.search(text)
    found = read_value(Reader(text), match.end() - 1) if match else None
    if match is None or found is None:
        return [], text
    return found.value, text[: match.start()] + text[found.end :]


def fenced_value(text: str) -> Any:
    """The value between the first pair of triple backticks, as JSON or a Python literal; of the
    whole text where there are none. None where it is neither."""
    match = _FENCE.search(text)
    try:
        return read_text_value(match[1] if match else text, "")
    except RowError:
        return None


def fenced_calls(text: str, pointer: str, warnings: list[str]) -> tuple[tuple[ToolCall, ...], str]:
    """(calls, "") of a text that is nothing but the JSON of calls, between backticks or not; of any
    other, no calls and the text without its fence where JSON is in it.

    Raises RowError `bad_tool_call`.

    >>> fenced_calls('```\\n[]\\n```', "", [])
    ((), '[]')
    """
    match = _FENCE.fullmatch(text)
    inner = match[1] if match else text.strip()
    if not inner.startswith(("[", "{")):
        return (), text
    value = json_or_none(inner)
    if value is None:
        return (), text
    if not value or not (isinstance(value, dict) or all(isinstance(v, dict) for v in value)):
        return (), inner
    return read_calls_text(value, pointer, warnings), ""
