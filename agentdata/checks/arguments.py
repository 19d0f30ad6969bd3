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
    places = {tool.name: index for index, tool in enumerate(conversation.tools)}
    compiled: dict[str, _Compiled] = {}
    for index, message in enumerate(conversation.messages):
        for number, call in enumerate(message.tool_calls) if message.tool_calls else ():
            name, arguments = call.name, call.arguments
            if isinstance(arguments, str):
                yield Finding(
                    "arguments_not_object",
                    f"the arguments of {name} are text that is no JSON object",
                    _pointer(index, number),
                )
                continue
            if name not in places:
                continue
            tool = compiled.get(name)
            if tool is None:
                tool = compiled[name] = _compiled_of(conversation.tools[places[name]])
                if tool.fault:
                    yield Finding(
                        "bad_parameters",
                        f"the parameters of {name}: {tool.fault}",
                        f"/tools/{places[name]}",
                    )
            if not _satisfies(arguments, tool):
                yield from _faults(call, arguments, tool, _pointer(index, number))


def _pointer(index: int, number: int) -> str:
    return f"/messages/{index}/tool_calls/{number}/arguments"


def _satisfies(arguments: dict[str, Any], tool: _Compiled) -> bool:
    """Whether nothing is wrong with the arguments, as far as that can be told of them as they
    are."""
    if tool.names is not None and not tool.names.issuperset(arguments):
        return False
    try:
        return tool.validator is None or tool.validator.is_valid(arguments)
    except ValueError:
        return False


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
