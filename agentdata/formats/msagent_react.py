"""MSAgent-Bench, ReAct edition: `Action:` and `Observation:` inside the assistant's text.

The plugin lines of the system text become tools and the ReAct instruction goes, since a template
says that in its own words; what stands before or behind it is the system message. A text without
them is kept to the letter. `native` keeps every value to the letter.
"""

from __future__ import annotations

import re
from typing import Any

from agentdata.conversation import Conversation, Message, NativeKind, NativeTurn, ToolSpec
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.msagent_rows import (
    MSAgentRow,
    Turn,
    some_messages,
    texts_of,
    turns_of,
)
from agentdata.formats.common.plugins import take_react_plugins
from agentdata.formats.common.react import Step, is_react, native_spans, split_steps
from agentdata.formats.common.react_steps import read_steps
from agentdata.formats.common.values import row_id

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
    return read_steps(steps, turn.pointer, warnings)


FORMAT = Format(
    name="msagent_react",
    summary="MSAgent-Bench, ReAct edition: Thought, Action, Observation, Final Answer as text",
    row_model=MSAgentRow,
    detect=detect,
    read=read,
)
