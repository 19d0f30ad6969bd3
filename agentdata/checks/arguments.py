"""The arguments of calls against the parameters of their tools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs

from agentdata.checks.base import CheckGroup, Finding
from agentdata.checks.parameters import known_names, parameters_of, to_schema
from agentdata.conversation import Conversation, ToolCall, ToolSpec
from agentdata.json_text import compact, dumps, loads

MAX_SCHEMAS = 4096
"""So many distinct parameters of tools are held compiled."""
_SHOWN_CHARS = 160


@dataclass(frozen=True, slots=True)
class _Compiled:
    """Parameters ready to be held against arguments, or the reason why they cannot be."""

    validator: jsonschema_rs.Draft202012Validator | None
    names: frozenset[str] | None = None
    fault: str = ""


def _run(conversation: Conversation) -> Iterator[Finding]:
    tools = {tool.name: (index, tool) for index, tool in enumerate(conversation.tools)}
    compiled: dict[str, _Compiled] = {}
    for index, message in enumerate(conversation.messages):
        for number, call in enumerate(message.tool_calls):
            pointer = f"/messages/{index}/tool_calls/{number}/arguments"
            if isinstance(call.arguments, str):
                yield Finding(
                    "arguments_not_object",
                    f"the arguments of {call.name} are text that is no JSON object",
                    pointer,
                )
                continue
            if call.name not in tools:
                continue
            at, tool = tools[call.name]
            if call.name not in compiled:
                compiled[call.name] = _compiled_of(tool)
                if compiled[call.name].fault:
                    yield Finding(
                        "bad_parameters",
                        f"the parameters of {call.name}: {compiled[call.name].fault}",
                        f"/tools/{at}",
                    )
            yield from _faults(call, call.arguments, compiled[call.name], pointer)


def _faults(
    call: ToolCall, arguments: dict[str, Any], tool: _Compiled, pointer: str
) -> Iterator[Finding]:
    if tool.names is not None and not arguments.keys() <= tool.names:
        unknown = ", ".join(sorted(arguments.keys() - tool.names))
        yield Finding(
            "unknown_argument", _short(f"{call.name} has no parameter {unknown}"), pointer
        )
    if tool.validator is None:
        return
    try:
        if tool.validator.is_valid(arguments):
            return
    except ValueError:
        # Dates and bytes, which no JSON text holds but a table may.
        arguments = loads(dumps(arguments))
    for fault in tool.validator.iter_errors(arguments):
        place = "".join(
            "/" + str(part).replace("~", "~0").replace("/", "~1") for part in fault.instance_path
        )
        yield Finding("bad_arguments", _short(f"{call.name}: {fault.message}"), pointer + place)
        return


def _compiled_of(tool: ToolSpec) -> _Compiled:
    parameters = parameters_of(tool)
    return _Compiled(None) if parameters is None else _compile(compact(parameters))


@lru_cache(MAX_SCHEMAS)
def _compile(parameters: bytes) -> _Compiled:
    """The parameters in this JSON text, compiled."""
    schema = to_schema(loads(parameters))
    try:
        validator = jsonschema_rs.Draft202012Validator(schema, retriever=_nothing)
    except ValueError as error:
        return _Compiled(None, fault=_short(str(error).partition("\n")[0]))
    return _Compiled(validator, known_names(schema))


def _nothing(uri: str) -> Any:
    """Nothing is fetched for a check."""
    raise ValueError(f"{uri} is not in the tool")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."


GROUP = CheckGroup(
    help={
        "arguments_not_object": "the arguments of a call are text that is no JSON object",
        "bad_arguments": "the arguments of a call do not satisfy the parameters of its tool",
        "unknown_argument": "a call gives an argument that its tool does not name",
        "bad_parameters": "the parameters of a tool that is called are no JSON Schema",
    },
    run=_run,
)
