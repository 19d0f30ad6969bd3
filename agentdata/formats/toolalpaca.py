"""ToolAlpaca: an API per row, with its functions, instructions and what solves them; and the files
of its judge, which hold conversations by API.

A row gives one conversation per instruction: with the steps and results of `Instances` where it
has them, with the calls of `Golden_Answers` where it has those, else without an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_written_arguments
from agentdata.formats.common.chat import roles_of
from agentdata.formats.common.rows import ChatMessage
from agentdata.formats.common.values import check, pointer, row_id
from agentdata.json_text import dumps

_API_KEYS = frozenset({"Name", "Documentation", "NLDocumentation", "Functions"})
_NO_FUNCTION = "components"
"""A key among the functions that holds the shapes of their results."""
_NUMBERED = re.compile(r"^\d+\. Name: (\S.*?)[ \t]*\n(.*?)(?=^\d+\. Name: |\Z)", re.M | re.S)
_THOUGHT = re.compile(r"\s*(?:ASSISTANT )?Thought:\s*(.*?)\s*(?:ASSISTANT )?Action:", re.S)


class ToolAlpacaRow(BaseModel):
    """One instruction of an API, or one conversation of the judge (`input` and `output`)."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    instruction: str | None = None
    functions: dict[str, str] | str | None = None
    golden_answer: list[dict[str, Any]] | None = None
    intermediate_steps: list[Any] | None = None
    input: list[ChatMessage] | str | None = None
    output: str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by an API's documentation with instructions or instances, or, in the judge's files,
    by lists of input messages and output per API."""
    if _API_KEYS & row.keys() and any(
        isinstance(row.get(key), list) for key in ("Instructions", "Instances")
    ):
        return Fit.MARKED
    if isinstance(row.get("instruction"), str) and "functions" in row:
        return Fit.MARKED
    if _is_judged([row]):
        return Fit.READABLE
    return Fit.MARKED if any(map(_is_judged, row.values())) else Fit.NO


def _is_judged(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else None
    if not isinstance(first, dict) or not isinstance(first.get("output"), str):
        return False
    return roles_of({"messages": first.get("input")}, openai.DIALECT) is not None


def explode(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The conversations in an API's row or in a file of the judge; ids are those of the API with
    the place in its list, since they count anew for each."""
    if "functions" in row or _is_judged([row]) or detect(row) is Fit.NO:
        yield "", row
        return
    if not _API_KEYS & row.keys():
        for name, value in row.items():
            for index, judged in enumerate(value if _is_judged(value) else ()):
                own = {"id": f"{name}-{index}"} if isinstance(judged, dict) else {}
                yield pointer(name, index), judged | own if own else judged
        return
    api = row.get("Name")
    functions = (
        row.get("Function_Description") or row.get("Functions") or row.get("NLDocumentation")
    )
    for index, instance in enumerate(row.get("Instances") or []):
        if isinstance(instance, dict):
            asked = {"instruction": instance.get("input"), "functions": functions, "input": None}
            yield f"/Instances/{index}", instance | asked | {"id": f"{api}-{index}"}
        else:
            yield f"/Instances/{index}", instance
    if row.get("Instances"):
        return
    golden = row.get("Golden_Answers")
    answers = golden if isinstance(golden, list) else []
    for index, instruction in enumerate(row["Instructions"]):
        yield (
            f"/Instructions/{index}",
            {
                "id": f"{api}-{index}",
                "instruction": instruction,
                "functions": functions,
                "golden_answer": answers[index] if index < len(answers) else None,
            },
        )


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of an exploded row. Raises RowError `no_messages`, `bad_tool_call`,
    `bad_step`."""
    check(ToolAlpacaRow, row)
    if isinstance(row.get("input"), list):
        return _read_judged(row)
    if not row.get("instruction"):
        raise RowError("no_messages", "the row asks nothing", pointer="/instruction")
    warnings: list[str] = []
    tools, shapes = _read_functions(row.get("functions"))
    messages = [Message("system", shapes)] if shapes else []
    messages.append(Message("user", row["instruction"]))
    for index, step in enumerate(row.get("intermediate_steps") or []):
        messages += _read_step(step, f"/intermediate_steps/{index}", warnings)
    if row.get("golden_answer"):
        calls = [
            _call(step.get("Action"), step.get("Action_Input"), f"/golden_answer/{n}", warnings)
            for n, step in enumerate(row["golden_answer"])
        ]
        messages.append(Message("assistant", tool_calls=tuple(calls)))
    if row.get("output"):
        thought = row.get("Final Thought")
        reasoning = thought if isinstance(thought, str) and thought else None
        messages.append(Message("assistant", row["output"], reasoning))
    return Conversation(
        id=row_id(row), messages=tuple(messages), tools=tools, warnings=tuple(warnings)
    )


def _read_judged(row: dict[str, Any]) -> Conversation:
    answer = [{"role": "assistant", "content": row["output"]}] if row.get("output") else []
    return openai.read({"id": row.get("id"), "messages": [*row["input"], *answer]})


def _read_functions(functions: Any) -> tuple[tuple[ToolSpec, ...], str]:
    """(the functions, each with all of its text; the shapes of their results)."""
    if isinstance(functions, str):
        functions = {name: text.strip() for name, text in _NUMBERED.findall(functions)}
    functions = functions or {}
    tools = tuple(
        ToolSpec(name, text, None, {"name": name, "description": text})
        for name, text in functions.items()
        if name != _NO_FUNCTION
    )
    return tools, functions.get(_NO_FUNCTION, "").strip()


def _read_step(step: Any, at: str, warnings: list[str]) -> list[Message]:
    """A step is [[function, arguments, the model's text], result]."""
    if not (isinstance(step, list) and len(step) == 2 and isinstance(step[0], list)):
        raise RowError("bad_step", "a step is no pair of action and result", pointer=at)
    action, result = step
    padded: list[Any] = [*action, None, None]
    call = _call(padded[0], padded[1], at, warnings)
    said = _THOUGHT.match(action[2]) if len(action) > 2 and isinstance(action[2], str) else None
    reasoning = said[1] if said and said[1] else None
    content = result if isinstance(result, str) else dumps(result)
    return [Message("assistant", "", reasoning, (call,)), Message("tool", content)]


def _call(name: Any, arguments: Any, at: str, warnings: list[str]) -> ToolCall:
    if not isinstance(name, str) or not name:
        raise RowError("bad_tool_call", "a call has no name", pointer=at)
    return ToolCall(name, read_written_arguments(arguments, warnings))


FORMAT = Format(
    name="toolalpaca",
    summary="an API with instructions and solutions per row; its judge's files (ToolAlpaca)",
    row_model=ToolAlpacaRow,
    detect=detect,
    read=read,
    explode=explode,
)
