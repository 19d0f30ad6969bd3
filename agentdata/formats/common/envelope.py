"""A list of turns that a row holds as text."""

from __future__ import annotations

from typing import Any

from agentdata.errors import RowError
from agentdata.formats.common.values import json_or_none
from agentdata.literals import read_text_value

TURN_KEYS = ("conversations", "messages")


def unfold(row: dict[str, Any], strict: bool = False) -> dict[str, Any]:
    """The row with its turns as a list where they were JSON text or a Python literal; also where
    they are all of a text file.

    Raises RowError `bad_literal` if `strict`; else a row that cannot be unfolded comes back as it
    is.
    """
    for key in TURN_KEYS:
        value = row.get(key)
        if isinstance(value, str):
            try:
                return {**row, key: read_text_value(value, f"/{key}")}
            except RowError:
                if strict:
                    raise
                return row
    text = row.get("text")
    if isinstance(text, str) and len(row) == 1 and text.lstrip().startswith("["):
        turns = json_or_none(text)
        if isinstance(turns, list) and all(isinstance(turn, dict) for turn in turns):
            return {**row, "messages": turns}
    return row
