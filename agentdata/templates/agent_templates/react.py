"""ReAct in English and Chinese: Thought / Action / Action Input / Observation (arXiv 2210.03629)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agentdata.conversation import ToolSpec
from agentdata.templates.agent_templates.base import (
    REACT,
    AgentTemplate,
    ResultsIn,
    describe,
    of_tool,
    react_calls,
    react_wire,
)
from agentdata.templates.prompt import Kind, Piece

_EN = """Answer the following questions as best you can. You have access to the following tools:

{tools}

Use the following format:

Question: the input question you must answer
Thought: you should always think about what to do
Action: the action to take, should be one of [{names}]
Action Input: the input to the action
Observation: the result of the action
... (this Thought/Action/Action Input/Observation can be repeated zero or more times)
Thought: I now know the final answer
Final Answer: the final answer to the original input question

Begin!
"""
_ZH = """尽可能地回答以下问题。你可以使用以下工具:

{tools}

请按照以下格式进行:

Question: 需要你回答的输入问题
Thought: 你应该总是思考该做什么
Action: 需要使用的工具，应该是[{names}]中的一个
Action Input: 传入工具的内容
Observation: 行动的结果
... (这个Thought/Action/Action Input/Observation可以重复N次)
Thought: 我现在知道最后的答案
Final Answer: 对原始输入问题的最终答案

现在开始！
"""


def tool_line_en(tool: ToolSpec) -> str:
    """One tool as the English ReAct prompts describe it."""
    words = describe(tool)
    return (
        f"{words.name}: Call this tool to interact with the {words.title} API. "
        f"What is the {words.title} API useful for? {words.description} "
        f"Parameters: {words.parameters} Format the arguments as a JSON object."
    )


def _tool_line_zh(tool: ToolSpec) -> str:
    words = describe(tool)
    return (
        f"{words.name}: 调用此工具与 {words.title} API 进行交互。{words.title} 有什么用？"
        f"{words.description} 输入参数：{words.parameters} 此工具的输入应为JSON对象。"
    )


def _section(
    section: str, line: Callable[[ToolSpec], str]
) -> Callable[[Sequence[ToolSpec], str | None], tuple[Piece, ...]]:
    def words(tool: ToolSpec) -> tuple[str, str]:
        return line(tool), describe(tool).name

    def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
        described = [of_tool(tool, words) for tool in tools]
        lines = "\n\n".join([text for text, _ in described])
        names = ",".join([name for _, name in described])
        return ((Kind.TOOLS, section.format(tools=lines, names=names)),)

    return format_tools


TEMPLATES = (
    AgentTemplate(
        name="react_en",
        summary="Thought / Action / Action Input / Observation, English instructions",
        format_tools=_section(_EN, tool_line_en),
        format_calls=react_calls(REACT),
        wire=react_wire(REACT, "Thought:", "Final Answer: "),
        results_in=ResultsIn.MODEL,
        thought="Thought:",
        answer="Final Answer: ",
    ),
    AgentTemplate(
        name="react_zh",
        summary="Thought / Action / Action Input / Observation, Chinese instructions",
        format_tools=_section(_ZH, _tool_line_zh),
        format_calls=react_calls(REACT),
        wire=react_wire(REACT, "Thought:", "Final Answer: "),
        results_in=ResultsIn.MODEL,
        thought="Thought:",
        answer="Final Answer: ",
    ),
)
