"""Gemma 4: declarations, calls and results in its own notation; results inside the model's turn.

Source: the chat template of Gemma 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agentdata.call_text.gemma_calls import GemmaCalls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import AgentTemplate, Result, ResultsIn, wrapped
from agentdata.templates.parsing.wire import THINK, TurnWire
from agentdata.templates.prompt import Kind, Mark, Piece

_QUOTE = Mark('<|"|>')
_SCHEMA_KEYS = {"description", "type", "properties", "required", "nullable"}
Parts = list[str]


def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    pieces: list[Piece] = [(Kind.SYSTEM, (system or "").strip())]
    for tool in tools:
        parts = [Mark("<|tool>"), *_declaration(tool), Mark("<tool|>")]
        pieces += [(Kind.TOOLS, part) for part in parts]
    return tuple(pieces)


def _declaration(tool: ToolSpec) -> Parts:
    inner = wrapped(tool).get("function")
    function = inner if isinstance(inner, dict) else {}
    parts = [f"declaration:{function.get('name', '')}{{description:"]
    parts += _quoted(function.get("description") or "")
    parameters = function.get("parameters")
    if isinstance(parameters, dict) and parameters:
        fields: list[Parts] = []
        if parameters.get("properties"):
            fields.append(["properties:{", *_properties(parameters["properties"]), "}"])
        if parameters.get("required"):
            fields.append(_required(parameters["required"]))
        kind = parameters.get("type")
        if isinstance(kind, str) and kind:
            fields.append(["type:", *_quoted(kind.upper())])
        if fields:
            parts += [",parameters:{", *_joined(fields), "}"]
    return [*parts, "}"]


def _properties(properties: dict[str, Any], leave_out: frozenset[str] = frozenset()) -> Parts:
    return _joined(
        [
            [f"{name}:{{", *_joined(_fields(schema)), "}"]
            for name, schema in sorted(properties.items())
            if isinstance(schema, dict) and name not in leave_out
        ]
    )


def _fields(schema: dict[str, Any]) -> list[Parts]:
    """What one parameter's schema says, in the template's order."""
    fields: list[Parts] = []
    named = schema.get("type")
    kind = named.upper() if isinstance(named, str) else ""
    if schema.get("description"):
        fields.append(["description:", *_quoted(schema["description"])])
    if kind == "STRING" and schema.get("enum"):
        fields.append(["enum:", *_value(schema["enum"], _quoted)])
    items = schema.get("items")
    if kind == "ARRAY" and isinstance(items, dict) and items:
        fields.append(["items:{", *_joined(_items(items)), "}"])
    if schema.get("nullable"):
        fields.append(["nullable:true"])
    if kind == "OBJECT":
        inner = schema.get("properties")
        if isinstance(inner, dict):
            fields.append(["properties:{", *_properties(inner), "}"])
        else:
            further = _properties(schema, frozenset(_SCHEMA_KEYS))
            fields.append(["properties:{", *further, "}"])
        if schema.get("required"):
            fields.append(_required(schema["required"]))
    return [*fields, ["type:", *_quoted(kind)]]


def _items(items: dict[str, Any]) -> list[Parts]:
    fields: list[Parts] = []
    for key, value in sorted(items.items()):
        if value is None:
            continue
        if key == "properties" and isinstance(value, dict):
            fields.append(["properties:{", *_properties(value), "}"])
        elif key == "required":
            fields.append(_required(value))
        elif key == "type":
            upper = value.upper() if isinstance(value, str) else [str(t).upper() for t in value]
            fields.append(["type:", *_value(upper, _quoted)])
        else:
            fields.append([f"{key}:", *_value(value, _quoted)])
    return fields


def _required(names: Sequence[Any]) -> Parts:
    return ["required:[", *_joined([_quoted(name) for name in names]), "]"]


def _value(value: Any, key: Callable[[str], Parts]) -> Parts:
    """A value; `key` writes the keys of mappings."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if value is None:
        return ["null"]
    if isinstance(value, dict):
        fields = [[*key(str(k)), ":", *_value(v, key)] for k, v in sorted(value.items())]
        return ["{", *_joined(fields), "}"]
    if isinstance(value, list | tuple):
        return ["[", *_joined([_value(item, key) for item in value]), "]"]
    return [str(value)]


def _quoted(text: Any) -> Parts:
    return [_QUOTE, str(text), _QUOTE]


def _bare(text: str) -> Parts:
    return [text]


def _joined(fields: Sequence[Parts]) -> Parts:
    parts: Parts = []
    for field in fields:
        parts += [","] if parts else []
        parts += field
    return parts


def format_calls(calls: Sequence[ToolCall]) -> Parts:
    parts: Parts = []
    for call in calls:
        written = [call.arguments] if isinstance(call.arguments, str) else None
        braced = _value(call.arguments, _bare) if written is None else ["{", *written, "}"]
        parts += [Mark("<|tool_call>"), f"call:{call.name}", *braced, Mark("<tool_call|>")]
    return parts


def format_results(results: Sequence[Result]) -> Parts:
    parts: Parts = []
    for result in results:
        parts += [Mark("<|tool_response>"), f"response:{result.name or 'unknown'}{{value:"]
        parts += [*_quoted(result.text), "}", Mark("<tool_response|>")]
    return parts


TEMPLATES = (
    AgentTemplate(
        name="gemma4",
        summary="<|tool_call>call:name{...}, results in the model's turn; Gemma 4",
        format_tools=format_tools,
        format_calls=format_calls,
        wire=TurnWire(GemmaCalls(), think=(("<|channel>thought", "<channel|>"), *THINK)),
        format_results=format_results,
        results_in=ResultsIn.MODEL,
    ),
)
