"""Youtu-LLM: tools in JSON blocks, calls as JSON in `<tool_call>` on one line.

Source: the chat template of Youtu-LLM.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    tool_json,
    wrapped,
    wrapped_results,
)
from agentdata.templates.agent_templates.hermes import HERMES_WIRE, call_json
from agentdata.templates.prompt import Kind, Mark, Piece

_BEFORE = """Tool calling capabilities.
You may call one or more functions to assist with the user query. You have the following functions available:
"""
_AFTER = """
For tool call returns, you MUST use the following format:
<tool_call>{"name": "function-name", "arguments": {"param1": "value1", "param2": "value2"}}</tool_call>
"""


def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    lines = "\n".join(f"```json\n{tool_json(tool, wrapped)}\n```" for tool in tools)
    return (
        (Kind.SYSTEM, f"{system}\n\n" if system else ""),
        (Kind.TOOLS, Mark("<|begin_of_tool_description|>")),
        (Kind.TOOLS, _BEFORE + lines + _AFTER),
        (Kind.TOOLS, Mark("<|end_of_tool_description|>")),
    )


def format_calls(calls: Sequence[ToolCall]) -> list[str]:
    begin, end = Mark("<tool_call>"), Mark("</tool_call>")
    return [part for call in calls for part in (begin, call_json(call), end)]


TEMPLATES = (
    AgentTemplate(
        name="youtu",
        summary="<tool_call> JSON on one line; Youtu-LLM",
        format_tools=format_tools,
        format_calls=format_calls,
        wire=HERMES_WIRE,
        format_results=wrapped_results("<tool_response>", "</tool_response>", "\n"),
    ),
)
