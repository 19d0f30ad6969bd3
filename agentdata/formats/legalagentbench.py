"""LegalAgentBench: questions with answers, and logs of a ReAct agent in Chinese, one text file with
many conversations.

A log prints each action twice, in the model's words and as it was parsed; the second is read only
where the first cannot be. What the log calls the final and the summary answer was written by others
than the agent: it is meta, or the last answer where the agent gave none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from agentdata.conversation import Conversation, Message, ToolCall
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.embedded import fenced_value
from agentdata.formats.common.rows import Row
from agentdata.formats.common.values import check, row_id
from agentdata.json_text import dumps

_STEP = re.compile(r"^(思考|行动|观察) ?(\d+) ?[:：]", re.MULTILINE)
_END = re.compile(r"^final_anwer is (.*?)^summary_answer is (.*?)(?=\n\n\n|\Z)", re.M | re.S)
_FIRST = re.compile(r"^思考 ?1 ?[:：]", re.MULTILINE)
_ACTION = re.compile(r"行动 ?\d+ ?[:：]")
_FINAL = "Final Answer"


class LegalAgentBenchRow(Row):
    """A question with its answer, or one conversation of a log as text."""

    question: str | None = None
    answer: str | None = None
    text: str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by question, answer and the keys to it (`key_middle`), or by the Chinese words for
    thought and action at the beginning of lines."""
    if isinstance(row.get("question"), str) and {"answer", "key_middle"} <= row.keys():
        return Fit.MARKED
    text = row.get("text")
    return Fit.MARKED if isinstance(text, str) and _FIRST.search(text) else Fit.NO


def explode(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The conversations in a log; any other row is one."""
    text = row.get("text")
    if not isinstance(text, str) or detect(row) is Fit.NO:
        yield "", row
        return
    ends = [match.end() for match in _END.finditer(text)]
    if text[ends[-1] if ends else 0 :].strip():
        ends.append(len(text))
    for number, (start, end) in enumerate(pairwise([0, *ends])):
        yield "", {"id": f"log-{number}", "text": text[start:end]}


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of an exploded row. Raises RowError `no_messages`, `bad_tool_call`."""
    check(LegalAgentBenchRow, row)
    if row.get("text") is not None:
        return _Log(row).conversation()
    if not row.get("question"):
        raise RowError("no_messages", "the row asks nothing", pointer="/question")
    messages = [Message("user", row["question"])]
    if row.get("answer"):
        messages.append(Message("assistant", row["answer"]))
    return Conversation(row_id(row), tuple(messages))


class _Log:
    """One conversation of a log while its steps are read."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row, text = row, row["text"]
        end = _END.search(text)
        self.final, self.summary = (end[1].strip(), end[2].strip()) if end else ("", "")
        self.text = text[: end.start()] if end else text
        self.messages: list[Message] = []
        self.warnings: list[str] = []
        self.thought: str | None = None
        self.unread = ""
        """An action that could not be read, as the model wrote it."""
        self.acted = False
        """Whether the action of this step was read."""
        self.waiting = False
        """Whether a call waits for its result."""

    def conversation(self) -> Conversation:
        marks = list(_STEP.finditer(self.text))
        question = self.text[: marks[0].start() if marks else None].strip()
        if not question:
            raise RowError("no_messages", "the log begins without a question", pointer="/text")
        self.messages.append(Message("user", question))
        ends = [*(mark.start() for mark in marks), len(self.text)][1:]
        for mark, end in zip(marks, ends, strict=True):
            self._step(mark[1], self.text[mark.end() : end].strip())
        self._say("")
        if self.final and self.messages[-1].role != "assistant":
            self._say(self.final)
        ends_as = {"final_answer": self.final, "summary_answer": self.summary}
        return Conversation(
            id=row_id(self.row),
            messages=tuple(self.messages),
            warnings=tuple(self.warnings),
            meta={"thought": True} | {key: text for key, text in ends_as.items() if text},
        )

    def _step(self, word: str, body: str) -> None:
        if word == "思考":
            self._say("")
            action = _ACTION.search(body)
            self.thought = body[: action.start()].strip() if action else body
            self.acted = False
            if action and not self._act(body[action.end() :]):
                self.unread = body[action.start() :]
        elif word == "行动":
            if not self.acted:
                self._act(body)
        elif self.waiting or body:
            self._say("")
            self.messages.append(Message("tool", body))
            self.waiting = False
        self.acted &= word != "观察"

    def _act(self, text: str) -> bool:
        """Whether the text is an action."""
        value = fenced_value(text)
        name = value.get("action") if isinstance(value, dict) else None
        if not isinstance(name, str) or not name:
            return False
        self.acted, self.unread = True, ""
        given = value.get("action_input")
        if name == _FINAL:
            self._say(given if isinstance(given, str) else dumps(given))
            return True
        call = ToolCall(name, read_arguments(given, self.warnings))
        self.messages.append(Message("assistant", "", self.thought or None, (call,)))
        self.thought, self.waiting = None, True
        return True

    def _say(self, text: str) -> None:
        """The words of the model, after a thought that no action has taken yet."""
        if text or self.thought or self.unread:
            said = text or self.unread
            self.messages.append(Message("assistant", said, self.thought or None))
        self.thought, self.unread = None, ""


FORMAT = Format(
    name="legalagentbench",
    summary="questions and answers; logs of a ReAct agent in Chinese, .txt (LegalAgentBench)",
    row_model=LegalAgentBenchRow,
    detect=detect,
    read=read,
    explode=explode,
)
