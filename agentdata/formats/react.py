"""ReAct as plain chat: thought and action in the model's text, the observation in the next turn.

Actions are `Action:` with `Action Input:`, and those of AgentInstruct: a block of code, `name[...]`
or `name(...)`. What is in none of these forms stays text; so do answers that end a task.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation, Message, ToolCall
from agentdata.errors import RowError
from agentdata.formats import msagent_react, ui_tars
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import ARGUMENTS_AS_TEXT
from agentdata.formats.common.chat import (
    Act,
    Dialect,
    model_writes,
    read_chat,
    roles_of,
)
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.react import Step, holds_observations, split_steps
from agentdata.formats.common.react_steps import CALL_WITHOUT_RESULT, read_steps
from agentdata.formats.common.rows import Row, ShareTurn
from agentdata.formats.common.text_actions import TextAction, take_actions
from agentdata.formats.common.values import check

DIALECT = Dialect(
    messages=("messages", "conversations"),
    role=("from", "role"),
    content=("value", "content"),
    roles={
        "system": Act.SYSTEM,
        "user": Act.USER,
        "human": Act.USER,
        "assistant": Act.ASSISTANT,
        "gpt": Act.ASSISTANT,
        "observation": Act.TOOL,
        "tool": Act.TOOL,
    },
)
RESULT_LABEL = re.compile(r"\s*(?:Observation|OBSERVATION):[ \t]*\n?")
_ACTION = re.compile(
    r"\A(?:\s*(?:Thought|THOUGHT|Think):(?P<thought>.*?)(?=^(?:Action|ACTION|Act):)"
    r"|(?P<content>.*?))^(?:Action|ACTION|Act):[ \t]*(?P<action>.*)\Z",
    re.MULTILINE | re.DOTALL,
)
_IN_BRACKETS = re.compile(r"(?P<name>[A-Za-z_]\w*)(?:\[(?P<a>[^\n]*)\]|\((?P<b>[^\n]*)\))")
_IN_A_BLOCK = re.compile(
    r"(?P<name>[A-Za-z_]\w*)\s*\n```(?P<language>\w*)\n(?P<code>.*?)\n?```", re.DOTALL
)
_ENDS = frozenset({"answer", "finish"})
"""Actions that end a task: what follows them is no result."""


class ReactRow(Row):
    """A row of `react`; the list may be written as text."""

    messages: list[ShareTurn] | str | None = None
    conversations: list[ShareTurn] | str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by an action in a text of the model, unless it is `msagent_react` or `ui_tars`."""
    row = unfold(row)
    if roles_of(row, DIALECT) is None:
        return Fit.NO
    marked = model_writes(row, DIALECT, _acts)
    others = (msagent_react.detect, ui_tars.detect)
    marked = marked and all(other(row) is not Fit.MARKED for other in others)
    return Fit.MARKED if marked else Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(ReactRow, row)
    return read_react(read_chat(row, DIALECT))


def read_react(conversation: Conversation) -> Conversation:
    """The conversation with its ReAct texts as thoughts, calls, results and answers."""
    warnings: list[str] = []
    messages = [said for message in conversation.messages for said in _rounds_of(message, warnings)]
    spread = replace(
        conversation,
        messages=tuple(messages),
        warnings=(*conversation.warnings, *warnings),
        # Templates of ReAct write its thoughts with its words.
        meta=conversation.meta | {"thought": True},
    )
    return take_actions(spread, (_action,), RESULT_LABEL)


def observations_apart(conversation: Conversation) -> Conversation:
    """The conversation, read as ReAct where a text of the model is a whole run of it, with what the
    environment said (FireAct)."""
    whole = not conversation.native and any(
        message.role == "assistant" and holds_observations(message.content)
        for message in conversation.messages
    )
    return read_react(conversation) if whole else conversation


def _acts(text: Any) -> bool:
    if not isinstance(text, str) or "\n" not in text.strip():
        return isinstance(text, str) and _action(text, []) is not None
    acts = _has_inputs(split_steps(text)) or _action(text, []) is not None
    return acts or holds_observations(text)


def _has_inputs(steps: list[Step]) -> bool:
    """Whether there is an action, and each has its input behind it."""
    labels = [step.label for step in steps]
    actions = [index for index, label in enumerate(labels) if label == "Action"]
    return bool(actions) and all(
        labels[index + 1 : index + 2] == ["Action Input"] and steps[index].body.strip()
        for index in actions
    )


def _rounds_of(message: Message, warnings: list[str]) -> list[Message]:
    """The messages of a text with actions and their inputs, perhaps of several rounds."""
    if message.role != "assistant" or message.tool_calls or not isinstance(message.content, str):
        return [message]
    steps = split_steps(message.content)
    labels = {step.label for step in steps}
    if not _has_inputs(steps) and holds_observations(message.content):
        return _between_observations(message, steps)
    if not _has_inputs(steps) and ("Action" in labels or "Final Answer" not in labels):
        return [message]
    found: list[str] = []
    try:
        said = read_steps(steps, "", found)
    except RowError:
        return [message]
    if found and found[-1] == CALL_WITHOUT_RESULT and said[-1].tool_calls:
        found.pop()  # The next turn holds it.
    warnings.extend(found)
    said = [
        m
        if m.role == "tool"
        else replace(m, name=message.name, loss=message.loss, loss_scale=message.loss_scale)
        for m in said
    ]
    if message.reasoning is not None:
        said[0] = replace(said[0], reasoning=_joined(message.reasoning, said[0].reasoning))
    return said


def _between_observations(message: Message, steps: list[Step]) -> list[Message]:
    """The texts of the model before and after each observation, and the observations."""
    messages: list[Message] = []
    said = ""
    for step in [*steps, None]:
        if step is not None and step.label != "Observation":
            said += step.mark + step.body
            continue
        if said.strip():
            messages.append(replace(message, content=said.strip()))
        if step is not None:
            messages.append(Message("tool", step.body.strip()))
        said = ""
    first = 1 + next(i for i, m in enumerate(messages) if m.role == "assistant")
    return messages[:first] + [replace(m, reasoning=None) for m in messages[first:]]


def _joined(*texts: str | None) -> str:
    return "\n".join(text for text in texts if text)


def _action(text: str, warnings: list[str]) -> TextAction | None:
    match = _ACTION.match(text)
    call = _call(match["action"].strip()) if match else None
    if match is None or call is None:
        return None
    if isinstance(call.arguments, str):
        warnings.append(ARGUMENTS_AS_TEXT)
    thought, content = match["thought"], match["content"] or ""
    return TextAction((call,), content.strip(), None if thought is None else thought.strip())


def _call(action: str) -> ToolCall | None:
    match = _IN_A_BLOCK.fullmatch(action)
    if match is not None and match["name"].lower() not in _ENDS:
        key = "command" if match["language"] in ("bash", "sh") else "code"
        return ToolCall(match["name"], {key: match["code"]})
    match = _IN_BRACKETS.fullmatch(action)
    if match is None or match["name"].lower() in _ENDS:
        return None
    return ToolCall(match["name"], match["b"] if match["a"] is None else match["a"])


FORMAT = Format(
    name="react",
    summary="chat of Thought and Action, with the observation in the next turn (AgentInstruct)",
    row_model=ReactRow,
    detect=detect,
    read=read,
)
