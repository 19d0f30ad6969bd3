"""MiniCPM5: calls as `<function name=...>` with a `<param>` each, CDATA where XML needs it.

Source: the chat template of MiniCPM5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentdata.call_text.parameter_calls import ParameterCalls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    after_system,
    value_text,
    wrapped_results,
)
from agentdata.templates.agent_templates.hermes import tool_lines
from agentdata.templates.parsing.wire import TurnWire
from agentdata.templates.prompt import Piece

_BEFORE = """# Tools

You are provided with function signatures within <tools></tools> XML tags:
<tools>
"""
_AFTER = """
</tools>

Tool usage guidelines:
- You may call zero or more functions. If no function calls are needed, just answer normally and do not include any <function ... </function>.
- When calling a function, return an XML object within <function ... </function> using:
<function name="function-name"><param name="param-name">param-value</param></function>
- param-value may be multi-line. If it contains <, & or newline characters, wrap it in a CDATA block: <param name="param-name"><![CDATA[...multi-line value...]]></param>"""


def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    return after_system(system, _BEFORE + tool_lines(tools) + _AFTER)


def format_calls(calls: Sequence[ToolCall]) -> str:
    return "\n".join(f'<function name="{call.name}">{_params(call)}</function>' for call in calls)


def _params(call: ToolCall) -> str:
    if isinstance(call.arguments, str):
        return call.arguments
    return "".join(
        f'<param name="{name}">{_value(value)}</param>' for name, value in call.arguments.items()
    )


def _value(value: Any) -> str:
    if isinstance(value, str) and any(character in value for character in "<&\n"):
        return f"<![CDATA[{value}]]>"
    return value_text(value)


_PARSER = ParameterCalls(
    '<function name="{name}">', "</function>", '<param name="{key}">', "</param>", cdata=True
)

TEMPLATES = (
    AgentTemplate(
        name="minicpm5",
        summary="<function name=...><param>, CDATA; MiniCPM5",
        format_tools=format_tools,
        format_calls=format_calls,
        wire=TurnWire(_PARSER),
        format_results=wrapped_results("<tool_response>\n", "\n</tool_response>", "\n"),
    ),
)
