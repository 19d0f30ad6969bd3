"""Llama: tools as JSON before the first user's words, calls as JSON with `parameters`.

Source: Llama 3.1's chat template and model card.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from agentdata.call_text.json_calls import JsonCalls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    Result,
    ResultsIn,
    to_json,
    wrapped,
)
from agentdata.templates.parsing.wire import TurnWire
from agentdata.templates.prompt import Kind, Piece

_BEFORE = """Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.

Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}. Do not use variables.

"""


def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    return ((Kind.SYSTEM, system or ""),)


def tools_in_user(tools: Sequence[ToolSpec]) -> str:
    listed = (json.dumps(wrapped(tool), ensure_ascii=False, indent=4) for tool in tools)
    return _BEFORE + "\n\n".join(listed) + "\n\n"


def format_calls(calls: Sequence[ToolCall]) -> str:
    return "\n".join(to_json({"name": call.name, "parameters": call.arguments}) for call in calls)


def format_results(results: Sequence[Result]) -> str:
    return "\n".join(result.text for result in results)


TEMPLATES = tuple(
    AgentTemplate(
        name=name,
        summary=f"JSON with name and parameters, tools in the user turn; {families}",
        format_tools=format_tools,
        format_calls=format_calls,
        wire=TurnWire(JsonCalls(), marks=("<|python_tag|>",)),
        format_results=format_results,
        results_in=ResultsIn.TOOL_EACH,
        tools_in_user=tools_in_user,
    )
    for name, families in (("llama3", "Llama 3"), ("llama4", "Llama 4"))
)
