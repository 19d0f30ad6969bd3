"""MiniMax: calls as `<invoke>`; M3 marks every tag with a token and writes nested values as tags.

Source: the chat templates of MiniMax-M2 and MiniMax-M3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentdata.call_text.minimax_calls import MiniMaxCalls
from agentdata.call_text.parameter_calls import ParameterCalls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    ResultsIn,
    tagged_arguments,
    to_json,
    tool_json,
    unwrapped,
    wrapped_results,
)
from agentdata.templates.parsing.wire import THINK, TurnWire
from agentdata.templates.prompt import Kind, Mark, Piece

_HEADING = """

# Tools
You may call one or more tools to assist with the user query.
Here are the tools available in JSONSchema format:

<tools>
"""
_M2_AFTER = """
</tools>

When making tool calls, use XML format to invoke tools and pass parameters:

<minimax:tool_call>
<invoke name="tool-name-1">
<parameter name="param-key-1">param-value-1</parameter>
<parameter name="param-key-2">param-value-2</parameter>
...
</invoke>
</minimax:tool_call>"""
_NS = Mark("]<]minimax[>[")
_M3_AFTER = """
</tools>

To call tools, wrap all invocations in a single ¦<tool_call>¦</tool_call> block. Parameter values containing nested objects or arrays are recursively expanded into XML elements. Example:

¦<tool_call>
¦<invoke name="tool-name-1">¦<param-1>value-1¦</param-1>¦<param-2>¦<item>¦<key-a>val-a¦</key-a>¦<key-b>val-b¦</key-b>¦</item>¦</param-2>¦</invoke>
¦<invoke name="tool-name-2">¦<param-1>value-1¦</param-1>¦</invoke>
¦</tool_call>""".replace("¦", _NS)


def _listed(tools: Sequence[ToolSpec]) -> str:
    return _HEADING + "\n".join(f"<tool>{tool_json(tool, unwrapped)}</tool>" for tool in tools)


def _m2_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    return (Kind.SYSTEM, system or ""), (Kind.TOOLS, _listed(tools) + _M2_AFTER)


def _m2_argument(name: str, value: str) -> str:
    return f'<parameter name="{name}">{value}</parameter>'


def _m2_calls(calls: Sequence[ToolCall]) -> list[str]:
    invocations = "\n".join(
        f'<invoke name="{call.name}">\n{tagged_arguments(call, _m2_argument, chr(10))}\n</invoke>'
        for call in calls
    )
    return [Mark("<minimax:tool_call>"), f"\n{invocations}\n", Mark("</minimax:tool_call>")]


def _m3_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    return (Kind.SYSTEM, system or ""), (Kind.TOOLS, _listed(tools)), (Kind.TOOLS, Mark(_M3_AFTER))


def _m3_calls(calls: Sequence[ToolCall]) -> list[str]:
    parts: list[str] = [_NS, "<tool_call>"]
    for call in calls:
        parts += ["\n", _NS, f'<invoke name="{call.name}">']
        text = call.arguments
        parts += [text] if isinstance(text, str) else _m3_value(text)
        parts += [_NS, "</invoke>"]
    return [*parts, "\n", _NS, "</tool_call>"]


def _m3_value(value: Any) -> list[str]:
    """A value as tags; keys without a value are left out, as the model was trained."""
    if isinstance(value, dict):
        items = [(key, item) for key, item in value.items() if item is not None]
    elif isinstance(value, list):
        items = [("item", item) for item in value]
    elif value is None:
        return []
    else:
        return [to_json(value) if isinstance(value, bool) else str(value)]
    parts: list[str] = []
    for key, item in items:
        parts += [_NS, f"<{key}>", *_m3_value(item), _NS, f"</{key}>"]
    return parts


_M2_WIRE = TurnWire(
    ParameterCalls(
        '<invoke name="{name}">', "</invoke>", '<parameter name="{key}">', "</parameter>"
    ),
    section=("<minimax:tool_call>", "</minimax:tool_call>"),
)
_M3_WIRE = TurnWire(
    MiniMaxCalls(),
    think=(("<mm:think>", "</mm:think>"), *THINK),
    section=(f"{_NS}<tool_call>", f"{_NS}</tool_call>"),
)

TEMPLATES = (
    AgentTemplate(
        name="minimax_m2",
        summary="<invoke name=...> with <parameter name=...>; MiniMax-M2",
        format_tools=_m2_tools,
        format_calls=_m2_calls,
        wire=_M2_WIRE,
        format_results=wrapped_results("<response>", "</response>", "\n"),
        results_in=ResultsIn.TOOL,
    ),
    AgentTemplate(
        name="minimax_m3",
        summary="<invoke name=...> with a tag for each value; MiniMax-M3",
        format_tools=_m3_tools,
        format_calls=_m3_calls,
        wire=_M3_WIRE,
        format_results=wrapped_results("<response>", "</response>", "\n"),
        results_in=ResultsIn.TOOL,
    ),
)
