"""LangChain: messages of the types human, ai, system and tool, in each of the forms that they are
written in; runs of a chat model as LangSmith and Langfuse export them.

Forms of a message: as `model_dump` gives it, in `data` (`messages_to_dict`), in `kwargs` beside
`lc` (`dumpd`). Calls stand in `tool_calls` with `args`; those that could not be parsed stay text.
"""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common import chat_turn
from agentdata.formats.common.rows import Row
from agentdata.formats.common.values import check, first_value
from agentdata.formats.openai import read_rewritten

_ROLES = {
    "human": "user",
    "HumanMessage": "user",
    "HumanMessageChunk": "user",
    "ai": "assistant",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "system": "system",
    "SystemMessage": "system",
    "tool": "tool",
    "ToolMessage": "tool",
    "function": "function",
    "FunctionMessage": "function",
}
_RUNS = (("inputs", "outputs"), ("input", "output"))
_CARRIED = ("content", "name", "tool_call_id")


class LangChainRow(Row):
    """A row of `langchain`: `messages`, or `inputs` and `outputs` of a run, or `input` and
    `output`."""

    messages: list[dict[str, Any]] | None = None
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    input: dict[str, Any] | list[Any] | None = None
    output: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by messages of the types human, ai, system and tool without a role; also in a run's
    `inputs` and `outputs` (`input` and `output`), where they may have roles instead."""
    for asking, said in _RUNS:
        if isinstance(row.get(said), dict):
            asked = _listed(_asked(row.get(asking)).get("messages"))
            return Fit.MARKED if asked and all(map(_is_message, asked)) else Fit.NO
    messages = _listed(row.get("messages"))
    if not messages or any(isinstance(m, dict) and "role" in m for m in messages):
        return Fit.NO
    return Fit.MARKED if all(map(_is_message, messages)) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `unknown_role`, `not_a_conversation` (a run
    that gave back no turn), and those of lists of messages."""
    check(LangChainRow, row)
    if row.get("messages") is not None:
        key, raw, tools = "messages", row["messages"], row.get("tools")
    else:
        key, said = next((pair for pair in _RUNS if row.get(pair[0])), _RUNS[0])
        asked = _asked(row.get(key))
        raw = _run(asked, row.get(said) or {})
        settings = (row.get("extra") or {}).get("invocation_params")
        tools = settings.get("tools") if isinstance(settings, dict) else asked.get("tools")
    places = [f"/{key}/{index}" if key == "messages" else "" for index in range(len(raw))]
    messages = [(at, _message(message, at)) for at, message in zip(places, raw, strict=True)]
    return read_rewritten({"id": row.get("id"), "tools": tools}, messages)


def _asked(value: Any) -> dict[str, Any]:
    """The input of a run, which may be the list of its messages alone."""
    return value if isinstance(value, dict) else {"messages": value}


def _run(inputs: dict[str, Any], outputs: dict[str, Any]) -> list[Any]:
    """The messages of a run: those of its input, and what came of it. A graph gives back the whole
    conversation."""
    asked = _listed(inputs.get("messages"))
    said = _listed(outputs.get("messages"))
    if said[: len(asked)] == asked:
        return said or asked
    generations = _listed(outputs.get("generations"))
    if generations and isinstance(generations[0], dict):
        said = [generations[0].get("message")]
    elif not said and isinstance(outputs.get("output"), dict):
        said = [outputs["output"]]
    elif not said:
        said = chat_turn.turn(outputs) or ([outputs] if "role" in outputs else [])
    if not said:
        raise RowError("not_a_conversation", "the run gave back no turn of a model")
    return [*asked, *said]


def _listed(value: Any) -> list[Any]:
    """A list of messages; the first of several, as a run in batches has them."""
    while isinstance(value, list) and value and isinstance(value[0], list):
        value = value[0]
    return value if isinstance(value, list) else []


def _fields(message: dict[str, Any]) -> dict[str, Any]:
    """The fields of a message, in whichever form it is written; its type is among them."""
    for key in ("data", "kwargs"):
        inner = message.get(key)
        if isinstance(inner, dict) and "content" in inner:
            path = message.get("id")
            kind = path[-1] if isinstance(path, list) and path else message.get("type")
            return {**inner, "type": inner.get("type") or kind}
    return message


def _is_message(message: Any) -> bool:
    if not isinstance(message, dict):
        return False
    fields = _fields(message)
    role = fields.get("role", fields.get("type"))
    return isinstance(role, str) and (role in _ROLES or role in openai.DIALECT.roles)


def _message(message: Any, pointer: str) -> dict[str, Any]:
    fields = _fields(message) if isinstance(message, dict) else {}
    kind = fields.get("role", fields.get("type"))
    if not isinstance(kind, str):
        raise RowError("unknown_role", "a message without a type", pointer=pointer)
    written = {key: fields[key] for key in _CARRIED if fields.get(key) is not None}
    extra = fields.get("additional_kwargs")
    extra = extra if isinstance(extra, dict) else {}
    reasoning = first_value({**extra, **fields}, openai.DIALECT.reasoning)
    calls = [*_listed(fields.get("tool_calls")), *_listed(fields.get("invalid_tool_calls"))]
    if calls and isinstance(written.get("content"), list):
        # Blocks of the provider repeat the calls.
        blocks = written["content"]
        written["content"] = [b for b in blocks if not isinstance(b, dict) or not _is_call(b)]
    calls = calls or _listed(extra.get("tool_calls"))
    if not calls and extra.get("function_call"):
        written["function_call"] = extra["function_call"]
    return {
        "role": _ROLES.get(kind, kind),
        **written,
        **({"tool_calls": calls} if calls else {}),
        **({"reasoning_content": reasoning} if reasoning else {}),
    }


def _is_call(block: dict[str, Any]) -> bool:
    return block.get("type") in ("tool_use", "tool_call", "function_call")


FORMAT = Format(
    name="langchain",
    summary="messages of the types human, ai and tool; runs of LangSmith, Langfuse (LangChain)",
    row_model=LangChainRow,
    detect=detect,
    read=read,
)
