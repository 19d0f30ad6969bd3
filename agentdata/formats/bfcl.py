"""Berkeley Function Calling Leaderboard: turns of questions, functions, and possible answers in
files of their own.

The first of the values that an answer allows is taken; a parameter that may be left out is left out
where "" comes first. `meta["accepted"]` holds all of them, for `evaluation/`, and
`meta["call_expected"]` whether a question without an answer is to be met with a call.

Rows of several turns name classes whose functions lie in files of their own, and their answers are
calls in Python's syntax; the results are not known, so the calls of a turn stand together. A
question without an answer ends with the user.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agentdata.conversation import Conversation, Message, Role, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.base import Companions, Fit, Format
from agentdata.formats.common.answer_files import answer_file, answers_by_id, with_answer
from agentdata.formats.common.calls import text_warnings
from agentdata.formats.common.python_calls import read_python_calls
from agentdata.formats.common.rows import ChatMessage, Row, ToolsField
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check, row_id
from agentdata.json_text import dumps

ROLES: dict[str, Role] = {"system": "system", "user": "user", "assistant": "assistant"}
CLASS_FILES = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MemoryAPI": "memory_kv",
    "MessageAPI": "message_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "TwitterAPI": "posting_api",
    "VehicleControlAPI": "vehicle_control",
    "WebSearchAPI": "web_search",
}
"""The file with the functions of each class that rows name."""
FUNCTION_FOLDER = "multi_turn_func_doc"
_RELEVANCE = re.compile(r"(?:live_)?(ir)?relevance_\d")
"""How the ids begin of questions that are only there to be called for, or not."""
_NOW_THERE = "I have updated some more functions you can choose from. What about now?"


class BfclRow(Row):
    """A row of `bfcl`; `ground_truth` and, where a row names classes, `function` come from other
    files."""

    question: list[list[ChatMessage]] | str
    model_answer: str | list[str] | None = None
    function: ToolsField = None
    involved_classes: list[str] | None = None
    excluded_function: list[str] | None = None
    missed_function: dict[str, list[str]] | None = None
    ground_truth: list[Any] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a question that is a list of turns, each a list of messages; read where it is one
    text with functions."""
    turns = row.get("question")
    if isinstance(turns, str) and isinstance(row.get("function"), list | dict | str):
        return Fit.READABLE
    if not isinstance(turns, list) or not any(turns):
        return Fit.NO
    messages = [m for turn in turns for m in (turn if isinstance(turn, list) else [None])]
    known = all(isinstance(m, dict) and {"role", "content"} <= m.keys() for m in messages)
    return Fit.MARKED if known else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `unknown_role`, `no_messages`, `bad_answer`, and
    those of tools."""
    check(BfclRow, row)
    row = _as_turns(row)
    missed = row.get("missed_function") or {}
    held_back = {name for names in missed.values() for name in names}
    tools = read_tools(row.get("function"), "/function")
    messages: list[Message] = []
    answers = _Answers(row, tools)
    for index, turn in enumerate(row["question"]):
        if not turn and str(index) in missed:
            messages.append(Message("user", _update(missed[str(index)], tools)))
        messages += [_message(raw, f"/question/{index}/{n}") for n, raw in enumerate(turn)]
        messages += answers.of_turn(index, len(messages))
    if not messages:
        raise RowError("no_messages", "the row asks nothing", pointer="/question")
    return Conversation(
        id=row_id(row),
        messages=tuple(messages),
        tools=tuple(tool for tool in tools if tool.name not in held_back),
        warnings=text_warnings(messages),
        meta=answers.meta(row),
    )


def _as_turns(row: dict[str, Any]) -> dict[str, Any]:
    """The row, with a question that is a text as one turn (the first release, OpenFunctions)."""
    if not isinstance(row["question"], str):
        return row
    answer = row.get("model_answer")
    answers = {"ground_truth": [answer] if isinstance(answer, str) else answer} if answer else {}
    return {**row, "question": [[{"role": "user", "content": row["question"]}]], **answers}


def _message(raw: dict[str, Any], pointer: str) -> Message:
    role = raw.get("role")
    if role not in ROLES:
        raise RowError(
            "unknown_role",
            f"the role {role!r} is none of: {', '.join(ROLES)}",
            pointer=f"{pointer}/role",
        )
    content = raw.get("content")
    return Message(ROLES[role], content if isinstance(content, str) else dumps(content))


def _update(names: Sequence[str], tools: Sequence[ToolSpec]) -> str:
    """What the benchmark says where it hands over the functions that it held back."""
    given = [tool.raw for tool in tools if tool.name in names]
    return f"{dumps(given) if given else dumps(list(names))}\n{_NOW_THERE}"


class _Answers:
    """The answers of a row by turn: a list per turn, or one list that answers all of it."""

    def __init__(self, row: dict[str, Any], tools: Sequence[ToolSpec]) -> None:
        self.gold = row.get("ground_truth") or []
        self.turns = len(row["question"])
        self.by_turn = bool(self.gold) and all(isinstance(item, list) for item in self.gold)
        self.tools = {tool.name: tool for tool in tools}
        self.names = {name: list(_properties(tool)) for name, tool in self.tools.items()}
        self.accepted: list[dict[str, Any]] = []

    def meta(self, row: dict[str, Any]) -> dict[str, Any]:
        """What evaluation needs to know of the turns so far."""
        if self.gold:
            return {"accepted": self.accepted} if self.accepted else {}
        match = _RELEVANCE.match(row_id(row))
        return {"call_expected": match[1] is None} if match else {}

    def of_turn(self, index: int, message: int) -> list[Message]:
        """The answer to a turn, which is to stand at this place among the messages."""
        if self.by_turn:
            gold = self.gold[index] if index < len(self.gold) else []
        else:
            gold = self.gold if index == self.turns - 1 else []
        if not gold:
            return []
        pointer = f"/ground_truth/{index}" if self.by_turn else "/ground_truth"
        if all(isinstance(item, dict) for item in gold):
            calls = tuple(self._call(g, pointer) for g in gold)
            options = [_options(next(iter(g.values()))) for g in gold]
            self.accepted.append({"message": message, "calls": options})
            return [Message("assistant", tool_calls=calls)]
        if not all(isinstance(item, str) for item in gold):
            raise RowError("bad_answer", "an answer is neither calls nor text", pointer=pointer)
        read = [read_python_calls(item, self.names) for item in gold]
        calls = tuple(call for found in read for call in found or ())
        if calls and all(read):
            return [Message("assistant", tool_calls=calls)]
        # Texts that would do alike.
        self.accepted.append({"message": message, "texts": list(gold)})
        return [Message("assistant", gold[0])]

    def _call(self, gold: dict[str, Any], pointer: str) -> ToolCall:
        if len(gold) != 1:
            raise RowError("bad_answer", "an answer must name one function", pointer=pointer)
        ((name, allowed),) = gold.items()
        if not isinstance(allowed, dict):
            raise RowError("bad_answer", "the parameters are no object", pointer=pointer)
        tool = self.tools.get(name)
        required = (tool.parameters or {}).get("required") if tool else None
        return ToolCall(
            name, _first_allowed(allowed, required if isinstance(required, list) else [])
        )


def _first_allowed(allowed: Mapping[str, Any], required: Sequence[Any] = ()) -> dict[str, Any]:
    """{name: first allowed value}, without those that may be left out and are so first.

    >>> _first_allowed({"a": ["", 1], "b": [2, 3], "c": [{"d": ["x", "y"]}]})
    {'b': 2, 'c': {'d': 'x'}}
    """
    firsts: dict[str, Any] = {}
    for name, values in allowed.items():
        options = values if isinstance(values, list) else [values]
        if name in required:
            options = [option for option in options if option != ""] or options
        if options and (options[0] != "" or name in required):
            firsts[name] = _plain(options[0])
    return firsts


def _options(allowed: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{name: allowed values}."""
    return {name: v if isinstance(v, list) else [v] for name, v in allowed.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return _first_allowed(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _properties(tool: ToolSpec) -> Mapping[str, Any]:
    properties = (tool.parameters or {}).get("properties")
    return properties if isinstance(properties, dict) else {}


def _find(path: Path) -> list[Path]:
    return answer_file(path) + sorted((path.parent / FUNCTION_FOLDER).glob("*.json"))


def _index(files: Mapping[Path, Sequence[dict[str, Any]]]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """({id: answer}, {stem of the file: its functions})."""
    functions = {
        path.stem: rows for path, rows in files.items() if path.parent.name == FUNCTION_FOLDER
    }
    return answers_by_id(files), functions


def _join(row: dict[str, Any], index: tuple[dict[Any, Any], dict[str, Any]]) -> dict[str, Any]:
    answers, functions = index
    row = with_answer(row, answers)
    classes = row.get("involved_classes")
    if "function" in row or not isinstance(classes, list):
        return row
    files = [CLASS_FILES.get(name, "") for name in classes if isinstance(name, str)]
    excluded = row.get("excluded_function") or []
    found = [f for file in files for f in functions.get(file, ()) if f.get("name") not in excluded]
    return row | {"function": found} if found else row


FORMAT = Format(
    name="bfcl",
    summary="question and function, answers in possible_answer/ (Berkeley Function Calling)",
    row_model=BfclRow,
    detect=detect,
    read=read,
    companions=Companions(find=_find, index=_index, join=_join),
)
