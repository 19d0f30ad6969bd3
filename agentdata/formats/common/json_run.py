"""Several JSON values that stand in a text one after another."""

from __future__ import annotations

import json
import re
from typing import Any

from agentdata.json_text import MAX_DEPTH, has_lone_surrogate

# Lenient: prompts are often rendered with the line breaks of descriptions as they are.
_DECODER = json.JSONDecoder(strict=False)
_BETWEEN = re.compile(r"[\s,]*")


def json_run(text: str, start: int = 0) -> tuple[list[Any], int]:
    """The JSON values from `start` on, with white space or commas between them, and where the
    last of them ends; stops at the first thing that is none.

    >>> json_run('{"a": 1}\\n{"b": 2}, and so on')
    ([{'a': 1}, {'b': 2}], 17)
    """
    values: list[Any] = []
    end = start
    while True:
        position = _BETWEEN.match(text, end).end()  # type: ignore[union-attr]  # matches ""
        if text[position : position + 1] not in ("{", "["):
            return values, end
        try:
            value, position = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            return values, end
        if has_lone_surrogate(value) or _depth(value) > MAX_DEPTH:
            return values, end
        values.append(value)
        end = position


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level := [
        item
        for node in level
        if isinstance(node, dict | list)
        for item in (node.values() if isinstance(node, dict) else node)
    ]:
        depth += 1
    return depth
