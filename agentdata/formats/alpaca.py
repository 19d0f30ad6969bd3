"""Alpaca: `instruction`, `input` and `output`, with earlier rounds in `history`.

The question is the instruction, a line break and the input, as LLaMA-Factory and ms-swift join
them. `prompt` and `response`, `question` and `answer` (OpenOrca), `context` (Dolly) are the same
with other words.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import read_chat
from agentdata.formats.common.rows import Row
from agentdata.formats.common.values import check, first_key, first_value

_ASKED = ("instruction", "prompt", "question")
_GIVEN = ("input", "context")
_ANSWERED = ("output", "response", "completion", "answer")
_DIALECT = replace(openai.DIALECT, system=("system", "system_prompt"))


class AlpacaRow(Row):
    """A row of `alpaca`."""

    instruction: str | None = None
    prompt: str | None = None
    question: str | None = None
    input: str | None = None
    context: str | None = None
    output: str | None = None
    response: str | None = None
    completion: str | None = None
    answer: str | None = None
    history: list[tuple[str | None, str | None]] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """An instruction or a prompt and an answer to it, both text; rows that say more of
    themselves are another format."""
    texts = first_value(row, _ASKED), first_value(row, _ANSWERED), first_value(row, _GIVEN) or ""
    return Fit.READABLE if all(isinstance(text, str) for text in texts) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `no_messages`, and those of types and tools."""
    check(AlpacaRow, row)
    question = "\n".join(filter(None, (first_value(row, _ASKED), first_value(row, _GIVEN))))
    answered = first_key(row, _ANSWERED)
    if not question and not answered:
        raise RowError("no_messages", "neither question nor answer", pointer="/instruction")
    pairs = [*(row.get("history") or []), (question, row[answered] if answered else None)]
    messages = [
        {"role": role, "content": text}
        for pair in pairs
        for role, text in zip(("user", "assistant"), pair, strict=True)
        if text is not None
    ]
    return read_chat({**row, "messages": messages}, _DIALECT)


FORMAT = Format(
    name="alpaca",
    summary="instruction, input, output and history; prompt and response",
    row_model=AlpacaRow,
    detect=detect,
    read=read,
)
