"""Seed-OSS: tools as Python functions, calls as `<function=name>` with a `<parameter=name>` each.

Source: the chat template of Seed-OSS.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentdata.call_text.parameter_calls import function_calls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    Result,
    ResultsIn,
    tagged_arguments,
    wrapped,
)
from agentdata.templates.parsing.wire import THINK, TurnWire
from agentdata.templates.prompt import Kind, Mark, Piece

_OWN_SYSTEM = (
    "You are Doubao, a helpful AI assistant. You may call one or more functions to assist with "
    "the user query.\n\n"
)
_AFTER = """
<function=example_function_name>
<parameter=example_parameter_1>value_1</parameter>
<parameter=example_parameter_2>This is the value for the second parameter
that can span
multiple lines</parameter>
</function>
"""
_CALL, _END = Mark("<seed:tool_call>"), Mark("</seed:tool_call>")
_PYTHON = {"string": "str", "number": "int", "integer": "int", "boolean": "bool", "array": "list"}


def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    definitions = "\n\n".join(
        _definition(function) for tool in tools if (function := _function(tool))
    )
    first = (Kind.SYSTEM, f"{system}\n\n") if system else (Kind.TOOLS, _OWN_SYSTEM)
    return (
        first,
        (Kind.TOOLS, f"{definitions}\n工具调用请遵循如下格式:\n"),
        (Kind.TOOLS, _CALL),
        (Kind.TOOLS, _AFTER),
        (Kind.TOOLS, _END),
        (Kind.TOOLS, "\n"),
    )


def _function(tool: ToolSpec) -> dict[str, Any] | None:
    """The function of a tool that is one and has a name."""
    raw = wrapped(tool)
    function = raw.get("function")
    named = isinstance(function, dict) and function.get("name")
    return function if named and raw.get("type") == "function" else None


def _definition(function: dict[str, Any]) -> str:
    parameters = function.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    properties = _schemas(parameters)
    arguments = ",".join(f"{name}: {_type(schema, 'any')}" for name, schema in properties)
    lines = ['    """', f"    {str(function.get('description') or '').strip()}"]
    if parameters.get("properties"):
        lines.append("\n    Args:")
        required = parameters.get("required") or []
        for name, schema in properties:
            need = "[必填]" if name in required else "[选填]"
            lines.append(
                f"    - {name} ({_type(schema, 'any')}) {need}: {schema.get('description', '')}"
            )
    returns = _schemas(function.get("returns"))
    if returns:
        lines.append("\n    Returns:")
        lines += [f"    - {n} ({_type(s, 'any')}): {s.get('description', '')}" for n, s in returns]
    lines.append('\n    """')
    return f"Function:\ndef {function['name']}({arguments}):\n" + "\n".join(lines)


def _schemas(schema: Any) -> list[tuple[str, dict[str, Any]]]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    items = properties.items() if isinstance(properties, dict) else ()
    return [(name, value) for name, value in items if isinstance(value, dict)]


def _type(schema: dict[str, Any], default: str) -> str:
    """The Python type; a list of JSON types is a union of them."""
    value = schema.get("type", default)
    names = value if isinstance(value, list) else [value]
    return " | ".join(_PYTHON.get(str(name), "Any") for name in names)


def format_calls(calls: Sequence[ToolCall]) -> list[str]:
    parts: list[str] = []
    for call in calls:
        parts += ["\n"] if parts else []
        arguments = tagged_arguments(call, _argument, "\n")
        lines = [f"<function={call.name}>", *([arguments] if arguments else []), "</function>"]
        parts += [_CALL, "\n" + "\n".join(lines) + "\n", _END]
    return parts


def _argument(name: str, value: str) -> str:
    return f"<parameter={name}>{value}</parameter>"


def format_results(results: Sequence[Result]) -> str:
    return "\n".join(result.text for result in results)


TEMPLATES = (
    AgentTemplate(
        name="seed_oss",
        summary="<function=...> in <seed:tool_call>, tools as Python; Seed-OSS",
        format_tools=format_tools,
        format_calls=format_calls,
        wire=TurnWire(
            function_calls(lines=False),
            think=(("<seed:think>", "</seed:think>"), *THINK),
            section=("<seed:tool_call>", "</seed:tool_call>"),
        ),
        format_results=format_results,
        results_in=ResultsIn.TOOL_EACH,
    ),
)
