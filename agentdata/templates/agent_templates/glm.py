"""GLM: a name and a Python mapping (GLM-4), `<arg_key>` and `<arg_value>` since GLM-4.5.

Source: the chat templates of GLM-4, GLM-4.5, GLM-4.7 and GLM-5.1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from agentdata.call_text.named_calls import NamedCalls
from agentdata.call_text.parameter_calls import keyed_calls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    Result,
    ResultsIn,
    describe,
    tagged_arguments,
    to_json,
    unwrapped,
    wrapped,
    wrapped_results,
)
from agentdata.templates.parsing.wire import TurnWire
from agentdata.templates.prompt import Kind, Mark, Piece, Written

_CHATGLM4_SYSTEM = "你是一个名为 GLM-4 的人工智能助手。你是基于智谱AI训练的语言模型 GLM-4 模型开发的，你的任务是针对用户的问题和要求提供适当的答复和支持。\n\n"
_BEFORE = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
"""
_AFTER = """
</tools>

For each function call, output the function name and arguments within the following XML format:
"""
_LINES = """<tool_call>{function-name}
<arg_key>{arg-key-1}</arg_key>
<arg_value>{arg-value-1}</arg_value>
<arg_key>{arg-key-2}</arg_key>
<arg_value>{arg-value-2}</arg_value>
...
</tool_call>"""

FormatTools = Callable[[Sequence[ToolSpec], str | None], tuple[Piece, ...]]


def _glm4_tools(own_system: str) -> FormatTools:
    """GLM-4's tool section, which takes the place of the system prompt."""

    def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
        described = "\n".join(
            f"## {describe(tool).name}\n\n"
            f"{json.dumps(unwrapped(tool), ensure_ascii=False, indent=4)}\n"
            "在调用上述函数时，请使用 Json 格式表示调用的参数。"
            for tool in tools
        )
        return ((Kind.TOOLS, f"{own_system}# 可用工具\n\n{described}"),)

    return format_tools


def _glm4_calls(calls: Sequence[ToolCall]) -> list[str]:
    parts: list[str] = []
    for index, call in enumerate(calls):
        if index:
            parts.append(Mark("<|assistant|>"))
        parts.append(f"{call.name}\n{call.arguments}")
    return parts


def _glm4_results(results: Sequence[Result]) -> str:
    return "\n".join(result.text for result in results)


def _tools(unwraps: bool, example: str, lead: str) -> FormatTools:
    """GLM-4.5's tool section, then the system prompt in a turn of its own."""

    def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
        lines = "\n".join(to_json(unwrapped(tool) if unwraps else wrapped(tool)) for tool in tools)
        text = _BEFORE + lines + _AFTER + example
        words = (system or "").strip()
        if not words:
            return ((Kind.TOOLS, lead + text),)
        return (Kind.TOOLS, text), (Kind.SYSTEM, Mark("<|system|>\n")), (Kind.SYSTEM, words)

    return format_tools


def _calls(separator: str) -> Callable[[Sequence[ToolCall]], Written]:
    """Calls with their names, keys and values apart by `separator`."""

    def argument(name: str, value: str) -> str:
        return f"<arg_key>{name}</arg_key>{separator}<arg_value>{value}</arg_value>"

    def format_calls(calls: Sequence[ToolCall]) -> str:
        parts: list[str] = []
        for call in calls:
            parts.append(f"<tool_call>{call.name}")
            if call.arguments:
                parts.append(tagged_arguments(call, argument, separator))
            parts.append("</tool_call>")
        return separator.join(parts)

    return format_calls


def _new_line(said: str | None) -> tuple[str, str]:
    if not said or not said.strip():
        return said or "", ""
    return said.strip(), "\n"


TEMPLATES = (
    *(
        AgentTemplate(
            name=name,
            summary=f"the name, then a Python mapping; {families}",
            format_tools=_glm4_tools(own_system),
            format_calls=_glm4_calls,
            wire=TurnWire(NamedCalls("\n", literal=True), marks=("<|assistant|>",)),
            format_results=_glm4_results,
            results_in=ResultsIn.TOOL_EACH,
        )
        for name, families, own_system in (
            ("chatglm4", "GLM-4-9B-Chat", _CHATGLM4_SYSTEM),
            ("glm4", "GLM-4-0414", ""),
        )
    ),
    AgentTemplate(
        name="glm4_5",
        summary="<arg_key> and <arg_value> on lines of their own; GLM-4.5, GLM-4.6",
        format_tools=_tools(unwraps=False, example=_LINES, lead=""),
        format_calls=_calls("\n"),
        wire=TurnWire(keyed_calls("arg"), gap="\n"),
        format_results=wrapped_results("\n<tool_response>\n", "\n</tool_response>"),
        results_in=ResultsIn.TOOL,
        lead_in=_new_line,
    ),
    *(
        AgentTemplate(
            name=name,
            summary=f"<arg_key> and <arg_value> without line breaks; {families}",
            format_tools=_tools(unwraps=unwraps, example=_LINES.replace("\n", ""), lead="\n"),
            format_calls=_calls(""),
            wire=TurnWire(keyed_calls("arg")),
            format_results=wrapped_results("<tool_response>", "</tool_response>"),
            results_in=ResultsIn.TOOL,
        )
        for name, families, unwraps in (("glm4_7", "GLM-4.7", False), ("glm5_1", "GLM-5.1", True))
    ),
)
