"""Kimi K2.5: tools as TypeScript, calls by id; Kimi K3: tools as JSON, calls in channels.

Source: the chat templates of Kimi K2.5 and `encoding_k3.py` of Kimi K3.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from agentdata.call_text.named_calls import NamedCalls
from agentdata.call_text.parameter_calls import ParameterCalls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    Result,
    ResultsIn,
    describe,
    to_json,
    unwrapped,
    value_text,
    wrapped,
)
from agentdata.templates.parsing.wire import THINK, TurnWire
from agentdata.templates.prompt import Kind, Mark, Piece

_TYPESCRIPT = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "array": "any[]",
    "object": "object",
    "null": "null",
}
_XTML = {bool: "boolean", type(None): "null", int: "number", float: "number", str: "string"}


def _k25_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    lines = "\n".join("\n".join(_typescript(tool)) for tool in tools)
    pieces: tuple[Piece, ...] = (
        (Kind.TOOLS, Mark("tool_declare<|im_middle|>")),
        (Kind.TOOLS, f"# Tools\n\n## functions\nnamespace functions {{\n{lines}\n}}\n"),
    )
    if system:
        opening = Mark("<|im_end|><|im_system|>system<|im_middle|>")
        pieces += (Kind.SYSTEM, opening), (Kind.SYSTEM, system)
    return pieces


def _typescript(tool: ToolSpec) -> Iterator[str]:
    function, name = unwrapped(tool), describe(tool).name
    parameters = function.get("parameters")
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    if function.get("description"):
        yield f"// {function['description']}"
    if not isinstance(properties, dict) or not properties:
        yield f"type {name} = (_: {{}}) => any;"
        return
    yield f"type {name} = (_: {{"
    for index, (key, schema) in enumerate(properties.items(), 1):
        schema = schema if isinstance(schema, dict) else {}
        if schema.get("description"):
            yield f"  // {schema['description']}"
        comma = "," if index < len(properties) else ""
        yield f"  {key}: {_type(schema.get('type'))}{comma}"
    yield "}) => any;"


def _type(value: Any) -> str:
    """The TypeScript of a JSON Schema type; a list of types is a union of them."""
    if isinstance(value, list):
        return " | ".join(_type(item) for item in value) or "any"
    return _TYPESCRIPT.get(value, "any") if isinstance(value, str) else "any"


def _k25_calls(calls: Sequence[ToolCall]) -> list[str]:
    parts: list[str] = [Mark("<|tool_calls_section_begin|>")]
    for index, call in enumerate(calls):
        parts += [
            Mark("<|tool_call_begin|>"),
            _k25_id(call, index),
            Mark("<|tool_call_argument_begin|>"),
            to_json(call.arguments),
            Mark("<|tool_call_end|>"),
        ]
    return [*parts, Mark("<|tool_calls_section_end|>")]


def _k25_id(call: ToolCall, index: int) -> str:
    return f"functions.{call.name}:{index}"


def _k25_results(results: Sequence[Result]) -> str:
    return "\n".join(
        f"## Return of {_k25_id(r.call, r.call_index) if r.call else r.call_id}\n{r.text}"
        for r in results
    )


def _k3_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    listed = json.dumps(
        [wrapped(tool) for tool in tools],
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )
    text = (
        f"# Tools\nHere are the available tools, described in JSONSchema.\n\n```json\n{listed}\n```"
    )
    pieces: tuple[Piece, ...] = (
        (Kind.TOOLS, Mark('role="system" type="tool-declare"<|sep|>')),
        (Kind.TOOLS, text),
    )
    if system:
        opening = '<|close|>message<|sep|><|end_of_msg|><|open|>message role="system"<|sep|>'
        pieces += (Kind.SYSTEM, Mark(opening)), (Kind.SYSTEM, system)
    return pieces


def _k3_calls(calls: Sequence[ToolCall]) -> list[str]:
    parts: list[str] = [Mark("<|open|>tools<|sep|>")]
    for index, call in enumerate(calls, 1):
        parts += [Mark("<|open|>"), f'call tool="{_attribute(call.name)}" index="{index}"']
        parts += [Mark("<|sep|>"), *_k3_arguments(call), Mark("<|close|>call<|sep|>")]
    return [*parts, Mark("<|close|>tools<|sep|>")]


def _k3_arguments(call: ToolCall) -> Iterator[str]:
    if isinstance(call.arguments, str):
        yield Mark('<|open|>json type="object"<|sep|>')
        yield call.arguments
        yield Mark("<|close|>json<|sep|>")
        return
    for key, value in call.arguments.items():
        kind = _XTML.get(type(value), "object" if isinstance(value, dict) else "array")
        yield Mark("<|open|>")
        yield f'argument key="{_attribute(key)}" type="{kind}"'
        yield Mark("<|sep|>")
        yield value_text(value)
        yield Mark("<|close|>argument<|sep|>")


def _attribute(value: str) -> str:
    return value.replace("&", "&amp;").replace('"', "&quot;")


def _k3_results(results: Sequence[Result]) -> list[str]:
    parts: list[str] = []
    for result in results:
        name = result.call.name if result.call else result.name
        parts += [
            f' tool="{_attribute(name)}" index="{result.index}"',
            Mark("<|sep|>"),
            result.text,
        ]
    return parts


def _closed_response(said: str | None) -> tuple[str, str]:
    return said or "", "" if said else Mark("<|close|>response<|sep|>")


_K25_WIRE = TurnWire(
    NamedCalls(
        "<|tool_call_argument_begin|>",
        "<|tool_call_begin|>",
        "<|tool_call_end|>",
        name=r"\s*(?:functions\.)?(?P<name>.*?)(?::\d+)?\s*",
    ),
    section=("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
)
_K3_WIRE = TurnWire(
    ParameterCalls(
        '<|open|>call tool="{name}" index="{number}"<|sep|>',
        "<|close|>call<|sep|>",
        '<|open|>argument key="{key}" type="{type}"<|sep|>',
        "<|close|>argument<|sep|>",
        text_types=("string",),
    ),
    think=(("<|open|>think<|sep|>", "<|close|>think<|sep|>"), *THINK),
    section=("<|open|>tools<|sep|>", "<|close|>tools<|sep|>"),
    marks=(
        "<|open|>response<|sep|>",
        "<|close|>response<|sep|>",
        "<|close|>message<|sep|>",
        "<|end_of_msg|>",
    ),
)

TEMPLATES = (
    AgentTemplate(
        name="kimi_k25",
        summary="<|tool_call_begin|> with ids, tools as TypeScript; Kimi K2.5",
        format_tools=_k25_tools,
        format_calls=_k25_calls,
        wire=_K25_WIRE,
        format_results=_k25_results,
        results_in=ResultsIn.TOOL_EACH,
    ),
    AgentTemplate(
        name="kimi_k3",
        summary="<|open|>call with an argument each; Kimi K3",
        format_tools=_k3_tools,
        format_calls=_k3_calls,
        wire=_K3_WIRE,
        format_results=_k3_results,
        results_in=ResultsIn.TOOL_EACH,
        lead_in=_closed_response,
    ),
)
