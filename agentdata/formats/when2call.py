"""When2Call's questions: four answers to each (a call, a direct answer, a question back, and that
the tools cannot do it), of which one is right.

What is read is the question with the right answer. Where that is the call,
`meta["answer_without_tool"]` holds what the row has for the case that no tool can do it.
Source: When2Call (NAACL 2025, long paper 174), `test/when2call_test_mcq.jsonl`. Its training rows
are lists of messages and preferences, which other formats read.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from agentdata.conversation import Conversation, Message
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_calls_text
from agentdata.formats.common.rows import Row, ToolsField
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check, row_id

Kind = Literal["tool_call", "direct", "request_for_info", "cannot_answer"]
_CALL: Kind = "tool_call"
_CANNOT: Kind = "cannot_answer"
_MARKED = re.compile(r"\s*<(?P<mark>TOOLCALL|tool_call)>(?P<calls>.*)</(?P=mark)>\s*", re.DOTALL)


class When2CallRow(Row):
    """A row of `when2call`."""

    question: str
    correct_answer: Kind
    answers: dict[str, Any]
    tools: ToolsField = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by answers by kind and the name of the right one."""
    answers, right = row.get("answers"), row.get("correct_answer")
    known = isinstance(answers, dict) and isinstance(right, str) and right in answers
    return Fit.MARKED if known and isinstance(row.get("question"), str) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `bad_answer` (the right answer is not there, or no
    text), and those of tools and calls."""
    check(When2CallRow, row)
    right, answers = row["correct_answer"], row["answers"]
    pointer = f"/answers/{right}"
    answer = answers.get(right)
    warnings: list[str] = []
    if right == _CALL and answer:
        marked = _MARKED.fullmatch(answer) if isinstance(answer, str) else None
        calls = read_calls_text(marked["calls"] if marked else answer, pointer, warnings)
        reply = Message("assistant", tool_calls=calls)
    elif isinstance(answer, str) and answer.strip():
        reply = Message("assistant", answer)
    else:
        raise RowError("bad_answer", "the right answer is no text", pointer=pointer)
    other = answers.get(_CANNOT) if right == _CALL else None
    return Conversation(
        row_id(row),
        (Message("user", row["question"]), reply),
        tools=read_tools(row.get("tools"), "/tools"),
        warnings=tuple(warnings),
        meta={"answer_without_tool": other} if isinstance(other, str) and other else {},
    )


FORMAT = Format(
    name="when2call",
    summary="a question with four answers, of which one is right (When2Call)",
    row_model=When2CallRow,
    detect=detect,
    read=read,
)
