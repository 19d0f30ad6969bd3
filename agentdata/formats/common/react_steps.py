"""The steps of a ReAct text as messages: thoughts, calls, results and answers."""

from __future__ import annotations

from agentdata.conversation import Message, ToolCall
from agentdata.errors import RowError
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.react import Step
from agentdata.formats.common.values import literal_or_text

CALL_WITHOUT_INPUT = "call_without_input"
"""Warning: an action without `Action Input:`; its arguments are the empty text."""
CALL_WITHOUT_RESULT = "call_without_result"
RESULT_WITHOUT_CALL = "result_without_call"


def read_steps(steps: list[Step], pointer: str, warnings: list[str]) -> list[Message]:
    """The messages of the steps in one text of the model.

    Raises RowError `bad_tool_call` (an action without a name, an input without an action).
    """
    return _Chain(pointer, warnings).read(steps)


class _Chain:
    """The messages of one text of the model while its steps are read."""

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
