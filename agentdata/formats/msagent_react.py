"""MSAgent-Bench, ReAct edition: `Action:` and `Observation:` inside the assistant's text.

The plugin lines of the system text become tools and the ReAct instruction goes, since a template
says that in its own words; what stands before or behind it is the system message. A text without
them is kept to the letter. `native` keeps every value to the letter.
"""

from __future__ import annotations

import re
from typing import Any

from agentdata.conversation import Conversation, Message, NativeKind, NativeTurn, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.msagent_rows import (
    MSAgentRow,
    Turn,
    some_messages,
    texts_of,
    turns_of,
)
from agentdata.formats.common.plugins import take_react_plugins
from agentdata.formats.common.react import Step, is_react, native_spans, split_steps
from agentdata.formats.common.values import literal_or_text, row_id
from agentdata.formats.msagent import CALL_WITHOUT_RESULT, RESULT_WITHOUT_CALL

CALL_WITHOUT_INPUT = "call_without_input"
"""Warning: an action without `Action Input:`; its arguments are the empty text."""

_INSTRUCTION = re.compile(
    r"Answer the following questions as best you can\. You have access to the following APIs:"
    r"(?P<apis>.*?)Use the following format:.*?(?:Begin!|\Z)",
    re.DOTALL,
)


def detect(row: dict[str, Any]) -> Fit:
    """Marked by an action in a text of the model, or by the instruction."""
    texts = texts_of(row)
    if texts is None:
        return Fit.NO
    return Fit.MARKED if is_react(texts) else Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row.

    Raises RowError: `bad_tool_call` (an action without a name, an input without an action), and
    those of the envelope.
    """
    messages: list[Message] = []
    tools: list[ToolSpec] = []
    native: list[NativeTurn] = []
    warnings: list[str] = []
    for turn in turns_of(row):
        spans: tuple[tuple[NativeKind, str], ...] = (("text", turn.text),)
        if turn.role == "system":
            found, text = _read_system(turn.text, warnings)
            tools.extend(found)
            if text:
                messages.append(Message("system", text))
        elif turn.role == "user":
            messages.append(Message("user", turn.text))
        else:
            steps = split_steps(turn.text)
            spans = native_spans(steps)
            messages.extend(_read_assistant(steps, turn, warnings))
        native.append(NativeTurn(turn.role, spans))
    return Conversation(
        id=row_id(row),
        messages=some_messages(messages),
        tools=tuple(tools),
        native=tuple(native),
        warnings=tuple(warnings),
        # Its thoughts are ReAct's: templates of that kind write them with its words.
        meta={"thought": True},
    )


def _read_system(text: str, warnings: list[str]) -> tuple[list[ToolSpec], str]:
    instruction = _INSTRUCTION.search(text)
    if instruction is None:
        return [], text
    tools, rest = take_react_plugins(instruction["apis"], warnings)
    kept = (text[: instruction.start()], rest, text[instruction.end() :])
    return tools, "\n\n".join(part.strip() for part in kept if part.strip())


def _read_assistant(steps: list[Step], turn: Turn, warnings: list[str]) -> list[Message]:
    if all(not step.label for step in steps):
        return [Message("assistant", turn.text)]
    return _Chain(turn.pointer, warnings).read(steps)


class _Chain:
    """The messages of one assistant's value while its steps are read."""

    def __init__(self, pointer: str, warnings: list[str]) -> None:
        self.pointer, self.warnings = pointer, warnings
        self.messages: list[Message] = []
        self.content, self.reasoning = "", list[str]()
        self.action: str | None = None
        self.answered = True

    def read(self, steps: list[Step]) -> list[Message]:
        for step in steps:
            body = step.body.strip()
            if self.action is not None and step.label != "Action Input":
                self.warnings.append(CALL_WITHOUT_INPUT)
                self._call("")
            match step.label:
                case "":
                    self.content = body
                case "Thought":
                    self.reasoning.append(body)
                case "Action":
                    self._open(body)
                case "Action Input":
                    self._call(body)
                case "Observation":
                    self._result(body)
                case "Final Answer":
                    self._say(body)
        if self.action is not None:
            self.warnings.append(CALL_WITHOUT_INPUT)
            self._call("")
        if self.reasoning or self.content:
            self._say("")
        if not self.answered:
            self.warnings.append(CALL_WITHOUT_RESULT)
        return self.messages

    def _open(self, name: str) -> None:
        if not name:
            raise RowError("bad_tool_call", "an action without a name", pointer=self.pointer)
        self.action = name

    def _call(self, text: str) -> None:
        if self.action is None:
            raise RowError(
                "bad_tool_call", "an action's input without an action", pointer=self.pointer
            )
        if not self.answered:
            self.warnings.append(CALL_WITHOUT_RESULT)
        value = literal_or_text(text)
        arguments = value if isinstance(value, dict) else read_arguments(text, self.warnings)
        self._add((ToolCall(self.action, arguments),))
        self.action, self.answered = None, False

    def _result(self, text: str) -> None:
        if self.answered:
            self.warnings.append(RESULT_WITHOUT_CALL)
        if self.reasoning or self.content:
            self._add()
        self.messages.append(Message("tool", text))
        self.answered = True

    def _say(self, text: str) -> None:
        self.content = "\n".join(part for part in (self.content, text) if part)
        self._add()

    def _add(self, calls: tuple[ToolCall, ...] = ()) -> None:
        reasoning = "\n".join(self.reasoning) if self.reasoning else None
        self.messages.append(Message("assistant", self.content, reasoning, calls))
        self.content, self.reasoning = "", []


FORMAT = Format(
    name="msagent_react",
    summary="MSAgent-Bench, ReAct edition: Thought, Action, Observation, Final Answer as text",
    row_model=MSAgentRow,
    detect=detect,
    read=read,
)
