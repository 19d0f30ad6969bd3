"""Lists that are one row: messages of a conversation, or records that make one together."""

from __future__ import annotations

from typing import Any

from agentdata.formats import looks_like_row

_SPEAKER = ("role", "from")
_SAYS = ("content", "value", "parts", "tool_calls", "function_call")


def is_message(value: Any) -> bool:
    """Whether a value is a message by itself: it has a speaker and says something."""
    return (
        isinstance(value, dict)
        and any(isinstance(value.get(key), str) for key in _SPEAKER)
        and any(key in value for key in _SAYS)
    )


def row_of_list(value: list[Any]) -> dict[str, Any] | None:
    """The row that a list is; None where it is none.

    >>> row_of_list([{"from": "human", "value": "Hello"}])
    {'conversations': [{'from': 'human', 'value': 'Hello'}]}
    """
    if not value or not all(isinstance(item, dict) for item in value):
        return None
    if all(any(key in item for key in _SPEAKER) for item in value):
        first = value[0]
        parts = first.get("parts")
        typed = isinstance(parts, list) and any(isinstance(p, dict) and "type" in p for p in parts)
        if "parts" in first and not typed and looks_like_row({"contents": value}):
            return {"contents": value}
        return {"conversations" if "from" in first else "messages": value}
    # Items of OpenAI's Responses API, not all of which have a role; records that make a row.
    rows = ({key: value} for key in ("input", "records"))
    return next(filter(looks_like_row, rows), None)
