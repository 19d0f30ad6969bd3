"""Gorilla's APIBench: an instruction and the call of a model's API, in one text.

Source: Gorilla (arXiv 2305.15334).
"""

from __future__ import annotations

import re
from typing import Any

from agentdata.conversation import Conversation, Message
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.rows import Row
from agentdata.formats.common.values import check, row_id

_PAIR = re.compile(
    r"\s*###\s*Instruction:\s*(?P<ask>.*?)\s*###\s*Output:\s*(?P<answer>.*?)\s*\Z", re.DOTALL
)


class GorillaRow(Row):
    """A row of `gorilla`."""

    code: str


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a `code` of `###Instruction:` and `###Output:`."""
    code = row.get("code")
    return Fit.MARKED if isinstance(code, str) and _PAIR.match(code) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `missing_field`, `bad_content` (no instruction and
    output in the text)."""
    check(GorillaRow, row)
    pair = _PAIR.match(row["code"])
    if pair is None:
        raise RowError("bad_content", "the text has no instruction and output", pointer="/code")
    turns = Message("user", pair["ask"]), Message("assistant", pair["answer"])
    return Conversation(row_id(row), turns)


FORMAT = Format(
    name="gorilla",
    summary="###Instruction and ###Output in one text, an API call as the answer (APIBench)",
    row_model=GorillaRow,
    detect=detect,
    read=read,
)
