"""Several JSON values that stand in a text one after another."""

from __future__ import annotations

import re
from typing import Any

from agentdata.call_text.base import Reader
from agentdata.call_text.values import read_value

_BEFORE_VALUE = re.compile(r"[\s,]*(?=[{\[])")


def json_run(text: str, start: int = 0) -> tuple[list[Any], int]:
    """The objects and lists from `start` on, with white space or commas between them, and where the
    last of them ends; stops at the first thing that is none. Lenient: prompts are often rendered
    with the line breaks of descriptions as they are, or with Python's literals.

    >>> json_run('{"a": 1}\\n{"b": 2}, and so on')
    ([{'a': 1}, {'b': 2}], 17)
    """
    reader = Reader(text)
    values: list[Any] = []
    end = start
    while (before := _BEFORE_VALUE.match(text, end)) and (
        found := read_value(reader, before.end(), control_characters=True)
    ):
        values.append(found.value)
        end = found.end
    return values, end
