"""Qwen-Agent's ✿FUNCTION✿ form, in English and Chinese, single and parallel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agentdata.conversation import ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    ReactKeywords,
    ResultsIn,
    describe,
    react_calls,
    react_wire,
)
from agentdata.templates.prompt import Kind, Piece

_KEYWORDS = ReactKeywords("✿FUNCTION✿:", "✿ARGS✿:", "✿RESULT✿:")

_TOOL_EN = "{title}\n\n{name}: {description} Parameters: {parameters} Format the arguments as a JSON object."
_TOOL_ZH = "{title}\n\n{name}: {description} 输入参数：{parameters} 此工具的输入应为JSON对象。"

_EN = """

# Tools

## You have access to the following tools:

{tools}

## When you need to call a tool, please insert the following command in your reply, which can be called zero or multiple times according to your needs:

✿FUNCTION✿: The tool to use, should be one of [{names}]
✿ARGS✿: The input of the tool
✿RESULT✿: Tool results
✿RETURN✿: Reply based on tool results. Images need to be rendered as ![](url)"""
_ZH = """

# 工具

## 你拥有如下工具：

{tools}

## 你可以在回复中插入零次、一次或多次以下命令以调用工具：

✿FUNCTION✿: 工具名称，必须是[{names}]之一。
✿ARGS✿: 工具输入
✿RESULT✿: 工具结果
✿RETURN✿: 根据工具结果进行回复，需将图片用![](url)渲染出来"""
# "he result of tool N" is what the models were trained with.
_EN_PARALLEL = """

# Tools

## You have access to the following tools:

{tools}

## Insert the following command in your reply when you need to call N tools in parallel:

✿FUNCTION✿: The name of tool 1, should be one of [{names}]
✿ARGS✿: The input of tool 1
✿FUNCTION✿: The name of tool 2
✿ARGS✿: The input of tool 2
...
✿FUNCTION✿: The name of tool N
✿ARGS✿: The input of tool N
✿RESULT✿: The result of tool 1
✿RESULT✿: The result of tool 2
...
✿RESULT✿: he result of tool N
✿RETURN✿: Reply based on tool results. Images need to be rendered as ![](url)"""
_ZH_PARALLEL = """

# 工具

## 你拥有如下工具：

{tools}

## 你可以在回复中插入以下命令以并行调用N个工具：

✿FUNCTION✿: 工具1的名称，必须是[{names}]之一
✿ARGS✿: 工具1的输入
✿FUNCTION✿: 工具2的名称
✿ARGS✿: 工具2的输入
...
✿FUNCTION✿: 工具N的名称
✿ARGS✿: 工具N的输入
✿RESULT✿: 工具1的结果
✿RESULT✿: 工具2的结果
...
✿RESULT✿: 工具N的结果
✿RETURN✿: 根据工具结果进行回复，需将图片用![](url)渲染出来"""


def _section(
    section: str, line: str
) -> Callable[[Sequence[ToolSpec], str | None], tuple[Piece, ...]]:
    def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
        words = [describe(tool) for tool in tools]
        lines = "\n\n".join(
            "### "
            + line.format(
                title=w.title, name=w.name, description=w.description, parameters=w.parameters
            )
            for w in words
        )
        text = section.format(tools=lines, names=",".join(w.name for w in words))
        return (Kind.SYSTEM, system or ""), (Kind.TOOLS, text)

    return format_tools


TEMPLATES = tuple(
    AgentTemplate(
        name=name,
        summary=f"✿FUNCTION✿ / ✿ARGS✿ / ✿RESULT✿, {summary}",
        format_tools=_section(section, line),
        format_calls=react_calls(_KEYWORDS),
        wire=react_wire(_KEYWORDS),
        results_in=ResultsIn.MODEL,
        keywords=_KEYWORDS,
    )
    for name, summary, section, line in (
        ("qwen_en", "English", _EN, _TOOL_EN),
        ("qwen_zh", "Chinese", _ZH, _TOOL_ZH),
        ("qwen_en_parallel", "English, several calls at once", _EN_PARALLEL, _TOOL_EN),
        ("qwen_zh_parallel", "Chinese, several calls at once", _ZH_PARALLEL, _TOOL_ZH),
    )
)
