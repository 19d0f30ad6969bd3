"""Calls as a name with tagged keys and values, on few lines: Ling 3, Spark X2.5, Xing 4.0.

Source: the chat templates of these models.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentdata.call_text.parameter_calls import keyed_calls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    ResultsIn,
    tagged_arguments,
    tool_json,
    unwrapped,
    wrapped,
    wrapped_results,
)
from agentdata.templates.agent_templates.hermes import tool_lines
from agentdata.templates.parsing.wire import TurnWire
from agentdata.templates.prompt import Kind, Piece

_LING_BEFORE = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
"""
_LING_AFTER = """
</tools>

If none of the functions can be used, point it out. If the given question lacks the parameters required by the function, also point it out.
If you need to use a function, for each function call, output the function name and arguments within the following XML format:
<tool_call>{function-name}
<arg_key>{arg-key-1}</arg_key>
<arg_value>{arg-value-1}</arg_value>
<arg_key>{arg-key-2}</arg_key>
<arg_value>{arg-value-2}</arg_value>
...
</tool_call>
"""
_XING_BEFORE = """
# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
"""
_XING_AFTER = """
</tools>

For each function call, output the function name and arguments within the following XML format:
<tool_call>{function-name}<param_key>{param-key-1}</param_key><param_value>{param-value-1}</param_value><param_key>{param-key-2}</param_key><param_value>{param-value-2}</param_value>...</tool_call>"""


def _ling_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    words = (system or "").strip()
    text = _LING_BEFORE + tool_lines(tools) + _LING_AFTER
    return (Kind.SYSTEM, f"{words}\n" if words else ""), (Kind.TOOLS, text)


def _spark_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    lines = "\n".join(tool_json(tool, unwrapped) for tool in tools)
    heading = "## Tools\nYou have access to the following functions:\n<tools>\n"
    words = f"\n\n{system}" if system else ""
    return (Kind.TOOLS, f"{heading}{lines}\n</tools>"), (Kind.SYSTEM, words)


def _xing_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    lines = "\n".join(tool_json(tool, wrapped) for tool in tools)
    return (Kind.SYSTEM, system or ""), (Kind.TOOLS, _XING_BEFORE + lines + _XING_AFTER)


def _ling_argument(name: str, value: str) -> str:
    return f"<arg_key>{name}</arg_key>\n<arg_value>{value}</arg_value>"


def _ling_calls(calls: Sequence[ToolCall]) -> str:
    return "\n".join(
        f"<tool_call>{call.name}{tagged_arguments(call, _ling_argument, '')}\n</tool_call>"
        for call in calls
    )


def _spark_argument(name: str, value: str) -> str:
    return f"<arg_key>{name}</arg_key><arg_value>{value}</arg_value>"


def _spark_calls(calls: Sequence[ToolCall]) -> str:
    return "".join(
        f"<tool_call>{call.name}{tagged_arguments(call, _spark_argument, '')}</tool_call>"
        for call in calls
    )


def _xing_argument(name: str, value: str) -> str:
    return f"<param_key>{name}</param_key><param_value>{value}</param_value>"


def _xing_calls(calls: Sequence[ToolCall]) -> str:
    return "".join(
        f"<tool_call>{call.name}{tagged_arguments(call, _xing_argument, '')}</tool_call>"
        for call in calls
    )


TEMPLATES = (
    AgentTemplate(
        name="ling3",
        summary="<arg_key>, line break, <arg_value>; Ling 3.0",
        format_tools=_ling_tools,
        format_calls=_ling_calls,
        wire=TurnWire(keyed_calls("arg")),
        format_results=wrapped_results("\n<tool_response>\n", "\n</tool_response>"),
        results_in=ResultsIn.TOOL,
    ),
    AgentTemplate(
        name="spark2_5",
        summary="<arg_key><arg_value>, tools first in the system turn; Spark X2.5",
        format_tools=_spark_tools,
        format_calls=_spark_calls,
        wire=TurnWire(keyed_calls("arg")),
        format_results=wrapped_results("<tool_response>", "</tool_response>"),
        results_in=ResultsIn.TOOL,
    ),
    AgentTemplate(
        name="xing4_0",
        summary="<param_key><param_value>; Xing 4.0",
        format_tools=_xing_tools,
        format_calls=_xing_calls,
        wire=TurnWire(keyed_calls("param")),
        format_results=wrapped_results("<tool_response>", "</tool_response>"),
        results_in=ResultsIn.TOOL,
    ),
)
