"""Hermes: tools as JSON lines in `<tools>`, calls in `<tool_call>`, results in `<tool_response>`.

Source: the chat templates of Hermes 2 Pro, Qwen2.5 and Hunyuan.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentdata.call_text.json_calls import JsonCalls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    Result,
    after_system,
    to_json,
    tool_json,
    wrapped,
    wrapped_results,
)
from agentdata.templates.parsing.wire import TurnWire
from agentdata.templates.prompt import Kind, Piece

_BEFORE = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
"""
_AFTER = """
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>"""
_HUNYUAN_AFTER = """
</tools>

For function call returns, you should first print <tool_calls>For each function call, you should return object like:
<tool_call>function_name
```json
function_arguments_in_json_format
```</tool_call>At the end of function call returns, you should print </tool_calls>"""


def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    text = f"\n\n{_BEFORE}{tool_lines(tools)}{_AFTER}"
    return (Kind.SYSTEM, system or ""), (Kind.TOOLS, text)


def tool_lines(tools: Sequence[ToolSpec]) -> str:
    """The tools as JSON, one a line."""
    return "\n".join([tool_json(tool, wrapped) for tool in tools])


def format_calls(calls: Sequence[ToolCall]) -> str:
    return "\n".join([f"<tool_call>\n{call_json(call)}\n</tool_call>" for call in calls])


def call_json(call: ToolCall) -> str:
    """A call as a JSON object."""
    return to_json({"name": call.name, "arguments": call.arguments})


def _hunyuan_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    return after_system(system, _BEFORE + tool_lines(tools) + _HUNYUAN_AFTER)


def _hunyuan_calls(calls: Sequence[ToolCall]) -> str:
    return f"<tool_calls>\n{format_calls(calls)}\n</tool_calls>"


def _hunyuan_results(results: Sequence[Result]) -> str:
    lines = "\n".join(f"<tool_response>{result.text}</tool_response>" for result in results)
    return f"<tool_responses>{lines}</tool_responses>"


_TAGGED = JsonCalls("<tool_call>", "</tool_call>")
HERMES_WIRE = TurnWire(_TAGGED)

TEMPLATES = (
    AgentTemplate(
        name="hermes",
        summary="<tool_call> JSON; Qwen2.5, Qwen3, Hermes",
        format_tools=format_tools,
        format_calls=format_calls,
        wire=HERMES_WIRE,
        format_results=wrapped_results("<tool_response>\n", "\n</tool_response>", "\n"),
    ),
    AgentTemplate(
        name="hunyuan_hermes",
        summary="<tool_call> JSON in <tool_calls>; Hunyuan",
        format_tools=_hunyuan_tools,
        format_calls=_hunyuan_calls,
        wire=TurnWire(_TAGGED, section=("<tool_calls>", "</tool_calls>")),
        format_results=_hunyuan_results,
    ),
)
