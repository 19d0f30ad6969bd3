"""DeepSeek V3.1's tool tokens and V4's DSML.

Source: the chat template of DeepSeek-V3.1, the encoder in the repository of DeepSeek-V4.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentdata.call_text.named_calls import NamedCalls
from agentdata.call_text.parameter_calls import ParameterCalls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    Result,
    ResultsIn,
    after_system,
    describe,
    to_json,
    tool_json,
    unwrapped,
    value_text,
    wrapped_results,
)
from agentdata.templates.parsing.wire import TurnWire
from agentdata.templates.prompt import Kind, Mark, Piece

_V3_1_AFTER = Mark("""

IMPORTANT: ALWAYS adhere to this exact format for tool use:
<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>tool_call_name<｜tool▁sep｜>tool_call_arguments<｜tool▁call▁end｜>{additional_tool_calls}<｜tool▁calls▁end｜>

Where:
- `tool_call_name` must be an exact match to one of the available tools
- `tool_call_arguments` must be valid JSON that strictly follows the tool's Parameters Schema
- For multiple tool calls, chain them directly without separators or spaces""")

_V4_BEFORE = """## Tools

You have access to a set of tools to help answer the user's question. You can invoke tools by writing a "<｜DSML｜tool_calls>" block like the following:

<｜DSML｜tool_calls>
<｜DSML｜invoke name="$TOOL_NAME">
<｜DSML｜parameter name="$PARAMETER_NAME" string="true|false">$PARAMETER_VALUE</｜DSML｜parameter>
...
</｜DSML｜invoke>
<｜DSML｜invoke name="$TOOL_NAME2">
...
</｜DSML｜invoke>
</｜DSML｜tool_calls>

String parameters should be specified as is and set `string="true"`. For all other types (numbers, booleans, arrays, objects), pass the value in JSON format and set `string="false"`.

If thinking_mode is enabled (triggered by <think>), you MUST output your complete reasoning inside <think>...</think> BEFORE any tool calls or final response.

Otherwise, output directly after </think> with tool calls or final response.

### Available Tool Schemas

"""
_V4_AFTER = """

You MUST strictly follow the above defined tool name and parameter schemas to invoke tool calls.
"""


def _v3_1_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    lines = "\n\n".join(_described(tool) for tool in tools)
    heading = "\n\n## Tools\nYou have access to the following tools:\n\n"
    return (Kind.SYSTEM, system or ""), (Kind.TOOLS, heading + lines), (Kind.TOOLS, _V3_1_AFTER)


def _described(tool: ToolSpec) -> str:
    function = unwrapped(tool)
    return (
        f"### {describe(tool).name}\nDescription: {function.get('description', '')}\n\n"
        f"Parameters: {to_json(function.get('parameters', {}))}"
    )


def _v3_1_calls(calls: Sequence[ToolCall]) -> list[str]:
    parts: list[str] = [Mark("<｜tool▁calls▁begin｜>")]
    for call in calls:
        parts += [
            Mark("<｜tool▁call▁begin｜>"),
            call.name,
            Mark("<｜tool▁sep｜>"),
            value_text(call.arguments),
            Mark("<｜tool▁call▁end｜>"),
        ]
    return [*parts, Mark("<｜tool▁calls▁end｜>")]


def _v3_1_results(results: Sequence[Result]) -> list[str]:
    begin, end = Mark("<｜tool▁output▁begin｜>"), Mark("<｜tool▁output▁end｜>")
    return [part for result in results for part in (begin, result.text, end)]


def _v4_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    lines = "\n".join(tool_json(tool, unwrapped) for tool in tools)
    return after_system(system, _V4_BEFORE + lines + _V4_AFTER)


def _v4_calls(calls: Sequence[ToolCall]) -> str:
    invocations = "\n".join(
        f'<｜DSML｜invoke name="{call.name}">\n{_v4_arguments(call)}\n</｜DSML｜invoke>'
        for call in calls
    )
    return f"<｜DSML｜tool_calls>\n{invocations}\n</｜DSML｜tool_calls>"


def _v4_arguments(call: ToolCall) -> str:
    if isinstance(call.arguments, str):
        return call.arguments
    return "\n".join(
        f'<｜DSML｜parameter name="{name}" string="{"true" if isinstance(value, str) else "false"}">'
        f"{value_text(value)}</｜DSML｜parameter>"
        for name, value in call.arguments.items()
    )


def _blank_line(said: str | None) -> tuple[str, str]:
    return said or "", "\n\n"


_V3_1_WIRE = TurnWire(
    NamedCalls("<｜tool▁sep｜>", "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"),
    section=("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
)
_V4_WIRE = TurnWire(
    ParameterCalls(
        '<｜DSML｜invoke name="{name}">',
        "</｜DSML｜invoke>",
        '<｜DSML｜parameter name="{key}" string="{type}">',
        "</｜DSML｜parameter>",
        text_types=("true",),
    ),
    section=("<｜DSML｜tool_calls>", "</｜DSML｜tool_calls>"),
    gap="\n\n",
)

TEMPLATES = (
    AgentTemplate(
        name="deepseek_v3_1",
        summary="<｜tool▁calls▁begin｜> with JSON arguments; DeepSeek-V3.1",
        format_tools=_v3_1_tools,
        format_calls=_v3_1_calls,
        wire=_V3_1_WIRE,
        format_results=_v3_1_results,
        results_in=ResultsIn.TOOL,
    ),
    AgentTemplate(
        name="deepseek_v4",
        summary="<｜DSML｜invoke> with a parameter each; DeepSeek-V4",
        format_tools=_v4_tools,
        format_calls=_v4_calls,
        wire=_V4_WIRE,
        format_results=wrapped_results("<tool_result>", "</tool_result>", "\n\n"),
        lead_in=_blank_line,
    ),
)
