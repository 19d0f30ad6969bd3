"""ReAct with the thinking in `<think>`, as used for reinforcement learning on tool calls."""

from __future__ import annotations

from collections.abc import Sequence

from agentdata.conversation import ToolSpec
from agentdata.templates.agent_templates.base import (
    REACT,
    AgentTemplate,
    ResultsIn,
    describe,
    react_calls,
    react_wire,
)
from agentdata.templates.agent_templates.react import tool_line_en
from agentdata.templates.prompt import Kind, Piece

_SECTION = """A conversation for tool calling between User and Assistant. The user asks a question which may be solved by calling tools, and the Assistant solves it. The assistant first thinks about the reasoning process in the mind and then provides the user with the answer. The reasoning process should be enclosed within <think> </think>tags and answer should follow the ReACT format(Action:xxx
Action Input:xxx), i.e., <think> reasoning process here </think> Action: action here
Action Input: parameters here

Answer the following questions as best as you can. You have access to the following tools:

{tools}

Use the following format:

<think>you should always think about what to do</think>
Action: the action to take, should be one of [{names}]
Action Input: the input to the action
Observation: the result of the action, given by the actual calling
... (this Thought/Action/Action Input/Observation can be repeated zero or more times)
Final Answer: the final answer to the original input question

Begin!
"""


def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
    lines = "\n\n".join(map(tool_line_en, tools))
    names = ",".join(describe(tool).name for tool in tools)
    return ((Kind.TOOLS, _SECTION.format(tools=lines, names=names)),)


TEMPLATES = (
    AgentTemplate(
        name="react_grpo",
        summary="ReAct with <think>, for reinforcement learning",
        format_tools=format_tools,
        format_calls=react_calls(REACT),
        wire=react_wire(REACT),
        results_in=ResultsIn.MODEL,
    ),
)
