"""ACEBench: the conversation as one text of `user:` and `system:` lines (the assistant is called
system), functions, and answers in files of their own.

Its answers to faulty requests name what is missing or wrong; the sentence around them is the one
that the benchmark asks for.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from agentdata.conversation import Conversation, Message, Role, ToolCall
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.answer_files import COMPANIONS
from agentdata.formats.common.calls import text_warnings
from agentdata.formats.common.python_calls import read_python_calls
from agentdata.formats.common.rows import Row, ToolsField
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check, row_id
from agentdata.json_text import dumps

SPEAKERS: dict[str, Role] = {"user": "user", "system": "assistant", "assistant": "assistant"}
_SPEAKER = re.compile(r"^(user|system|assistant): ?", re.MULTILINE)
_BROKEN = re.compile(r"\[([\w.]+)\((.*)\)\]", re.DOTALL)
"""A call that cannot be parsed, as where a string holds its own quotes."""
_NUMBER = re.compile(r"_\d+\Z")
_OWN_KEYS = ("time", "profile", "initial_config")


class AceBenchRow(Row):
    """A row of `acebench`; `ground_truth` and `mile_stone` come from the file of answers."""

    question: str
    function: ToolsField
    time: str | None = None
    profile: str | dict[str, Any] | None = None
    ground_truth: Any = None
    mile_stone: list[Any] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a question that is one text, with functions, and a time, profile or initial
    state."""
    if not isinstance(row.get("question"), str) or not isinstance(row.get("function"), list):
        return Fit.NO
    own = _SPEAKER.match(row["question"]) or any(key in row for key in _OWN_KEYS)
    return Fit.MARKED if own else Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row; the time and the profile are the system message.

    Raises RowError `no_messages`, `bad_answer`, and those of tools.
    """
    check(AceBenchRow, row)
    tools = read_tools(row["function"], "/function")
    known = [row.get("time"), row.get("profile")]
    texts = [text if isinstance(text, str) else dumps(text) for text in known if text]
    messages = [Message("system", "\n".join(texts))] if texts else []
    messages += _read_question(row["question"])
    if not messages or messages[-1].role == "system":
        raise RowError("no_messages", "the row asks nothing", pointer="/question")
    if row.get("mile_stone"):
        messages += _read_steps(row["mile_stone"])
    elif row.get("ground_truth"):
        messages.append(_read_answer(row["ground_truth"], {tool.name for tool in tools}))
    return Conversation(row_id(row), tuple(messages), tools=tools, warnings=text_warnings(messages))


def _read_question(text: str) -> list[Message]:
    marks = list(_SPEAKER.finditer(text))
    if not marks or text[: marks[0].start()].strip():
        return [Message("user", text)] if text.strip() else []
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return [
        _message(SPEAKERS[mark[1]], text[mark.end() : end].strip())
        for mark, end in zip(marks, ends, strict=True)
    ]


def _message(role: Role, text: str) -> Message:
    calls = read_python_calls(text) if role == "assistant" and text.startswith("[") else None
    return Message(role, tool_calls=calls) if calls else Message(role, text)


def _read_steps(steps: list[Any]) -> list[Message]:
    """The steps to the goal, each a list of calls as text; of several ways there, the first."""
    if isinstance(steps[0], list):
        steps = steps[0]
    if not all(isinstance(step, str) for step in steps):
        raise RowError("bad_answer", "a step is no text", pointer="/mile_stone")
    return [_step(step.strip()) for step in steps]


def _step(text: str) -> Message:
    message = _message("assistant", text)
    broken = None if message.tool_calls else _BROKEN.fullmatch(text)
    return Message("assistant", tool_calls=(ToolCall(*broken.groups()),)) if broken else message


def _read_answer(gold: Any, tools: Collection[str]) -> Message:
    if isinstance(gold, str):
        return Message("assistant", gold)
    if isinstance(gold, list) and gold:
        gold = gold[0]  # answers that would do alike
    if not isinstance(gold, dict):
        raise RowError(
            "bad_answer", "the answer is neither calls nor text", pointer="/ground_truth"
        )
    if all(isinstance(value, dict) for value in gold.values()):
        calls = (ToolCall(_function(name, tools), arguments) for name, arguments in gold.items())
        return Message("assistant", tool_calls=tuple(calls))
    return Message("assistant", "\n".join(_complaint(*item, tools) for item in gold.items()))


def _function(name: str, tools: Collection[str]) -> str:
    """The name of the function: further calls of one are numbered, `f_1`, `f_2`."""
    bare = _NUMBER.sub("", name)
    return bare if name not in tools and bare in tools else name


def _complaint(name: str, values: Any, tools: Collection[str]) -> str:
    """What is wrong: {function: missing parameters} or {parameter: wrong values}."""
    if not isinstance(values, list):
        raise RowError("bad_answer", f"{name} holds no list", pointer="/ground_truth")
    listed = ", ".join(value if isinstance(value, str) else dumps(value) for value in values)
    if name in tools:
        return f"Missing necessary parameters ({listed}) for the api ({name})"
    return (
        f"There is incorrect value ({listed}) for the parameters ({name}) "
        "in the conversation history."
    )


FORMAT = Format(
    name="acebench",
    summary="the conversation as one text of user: and system:, answers in possible_answer/",
    row_model=AceBenchRow,
    detect=detect,
    read=read,
    companions=COMPANIONS,
)
