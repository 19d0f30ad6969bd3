"""Qwen3-Coder and Qwen3.5: calls as `<function=name>` with a `<parameter=name>` each.

Source: the chat templates of Qwen3-Coder and Qwen3.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agentdata.call_text.parameter_calls import function_calls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    to_json,
    wrapped,
    wrapped_results,
)
from agentdata.templates.agent_templates.hermes import tool_lines
from agentdata.templates.parsing.wire import TurnWire
from agentdata.templates.prompt import Kind, Piece

_DEFAULT_SYSTEM = (
    "You are Qwen, a helpful AI assistant that can interact with a computer to solve tasks."
)
_HEADING = "# Tools\n\nYou have access to the following functions:\n\n<tools>\n"
_AFTER = """
</tools>

If you choose to call a function ONLY reply in the following format with NO suffix:

<tool_call>
<function=example_function_name>
<parameter=example_parameter_1>
value_1
</parameter>
<parameter=example_parameter_2>
This is the value for the second parameter
that can span
multiple lines
</parameter>
</function>
</tool_call>

<IMPORTANT>
Reminder:
- Function calls MUST follow the specified format: an inner <function=...></function> block must be nested within <tool_call></tool_call> XML tags
- Required parameters MUST be specified
- You may provide optional reasoning for your function call in natural language BEFORE the function call, but NOT after
- If there is no function call available, answer the question like normal with your current knowledge and do not tell the user about function calls
</IMPORTANT>"""


def _coder_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    lines = "\n".join("".join(_xml(tool)) for tool in tools)
    words = _DEFAULT_SYSTEM if system is None else system
    return (Kind.SYSTEM, words), (Kind.TOOLS, f"\n\n{_HEADING}{lines}{_AFTER}")


def _xml(tool: ToolSpec) -> Iterator[str]:
    raw = wrapped(tool)
    inner = raw.get("function")
    function = inner if isinstance(inner, dict) else raw
    yield f"<function>\n<name>{function.get('name', tool.name)}</name>"
    if "description" in function:
        yield f"\n<description>{_stripped(function['description'])}</description>"
    yield "\n<parameters>"
    parameters = function.get("parameters")
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    for name, schema in (properties if isinstance(properties, dict) else {}).items():
        yield f"\n<parameter>\n<name>{name}</name>"
        if isinstance(schema, dict):
            if "type" in schema:
                yield f"\n<type>{schema['type']}</type>"
            if "description" in schema:
                yield f"\n<description>{_stripped(schema['description'])}</description>"
        yield from _further(schema, {"name", "type", "description"})
        yield "\n</parameter>"
    yield from _further(parameters, {"type", "properties"})
    yield "\n</parameters>"
    yield from _further(function, {"type", "name", "description", "parameters"})
    yield "\n</function>"


def _stripped(value: Any) -> str:
    return value.strip() if isinstance(value, str) else to_json(value)


def _further(value: Any, known: set[str]) -> Iterator[str]:
    """What else a mapping holds, as elements of JSON."""
    for key, item in (value if isinstance(value, dict) else {}).items():
        if key not in known:
            yield f"\n<{key}>{to_json(item)}</{key}>"


def _qwen3_5_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    text = _HEADING + tool_lines(tools) + _AFTER
    return (Kind.TOOLS, text), (Kind.SYSTEM, f"\n\n{system}" if system else "")


def _format_calls(calls: Sequence[ToolCall]) -> str:
    return "\n".join(
        f"<tool_call>\n<function={call.name}>\n{_parameters(call)}</function>\n</tool_call>"
        for call in calls
    )


def _parameters(call: ToolCall) -> str:
    if isinstance(call.arguments, str):
        return f"{call.arguments}\n"
    return "".join(
        f"<parameter={name}>\n{_value(value)}\n</parameter>\n"
        for name, value in call.arguments.items()
    )


def _value(value: Any) -> str:
    if isinstance(value, dict | list | bool) or value is None:
        return to_json(value)
    return str(value)


def _coder_lead_in(said: str | None) -> tuple[str, str]:
    text = (said or "").strip()
    return text, "\n\n" if text else ""


def _qwen3_5_lead_in(said: str | None) -> tuple[str, str]:
    text = said or ""
    return text, "\n\n" if text.split("</think>")[-1].strip() else ""


_WIRE = TurnWire(function_calls(lines=True), section=("<tool_call>", "</tool_call>"), gap="\n\n")

TEMPLATES = (
    AgentTemplate(
        name="qwen3_coder",
        summary="<function=...> with <parameter=...>, tools in XML; Qwen3-Coder",
        format_tools=_coder_tools,
        format_calls=_format_calls,
        wire=_WIRE,
        format_results=wrapped_results("<tool_response>\n", "\n</tool_response>\n"),
        lead_in=_coder_lead_in,
    ),
    AgentTemplate(
        name="qwen3_5",
        summary="<function=...> with <parameter=...>, tools in JSON; Qwen3.5",
        format_tools=_qwen3_5_tools,
        format_calls=_format_calls,
        wire=_WIRE,
        format_results=wrapped_results("<tool_response>\n", "\n</tool_response>", "\n"),
        lead_in=_qwen3_5_lead_in,
    ),
)
