"""Hermes: tools as JSON lines in `<tools>`, calls in `<tool_call>`, results in `<tool_response>`.

Source: the chat templates of Hermes 2 Pro and Qwen2.5.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import AgentTemplate, Piece, to_json, wrapped
from agentdata.templates.prompt import Kind

_BEFORE = """

# Tools

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


def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    lines = "\n".join(to_json(wrapped(tool)) for tool in tools)
    return (Kind.SYSTEM, system or ""), (Kind.TOOLS, _BEFORE + lines + _AFTER)


def format_calls(calls: Sequence[ToolCall]) -> str:
    return "\n".join(
        f"<tool_call>\n{to_json({'name': call.name, 'arguments': call.arguments})}\n</tool_call>"
        for call in calls
    )


def format_results(results: Sequence[str]) -> str:
    return "\n".join(f"<tool_response>\n{result}\n</tool_response>" for result in results)


TEMPLATES = (
    AgentTemplate(
        name="hermes",
        summary="<tool_call> JSON; Qwen2.5, Qwen3, Hermes",
        format_tools=format_tools,
        format_calls=format_calls,
        format_results=format_results,
    ),
)
