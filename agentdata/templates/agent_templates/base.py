"""What an agent template is, and the pieces that several of them share."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.prompt import Kind

Piece = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class ReactKeywords:
    """The words that mark a call and its result inside the model's own text."""

    action: str
    action_input: str
    observation: str

    def are_in(self, text: str) -> bool:
        """Whether `text` writes a call with these words."""
        return self.action in text and self.action_input in text


REACT = ReactKeywords("Action:", "Action Input:", "Observation:")


@dataclass(frozen=True, slots=True)
class AgentTemplate:
    """How tools, calls and results are written.

    `format_tools(tools, system)` gives the system prompt as (kind, text) pieces; `format_calls`
    the text of parallel calls; `format_results` the text of a turn that holds the results of the
    calls before it, or None where results stand inside the model's turn, behind the observation
    word of `keywords`. `thought` and `answer` are the words that a ReAct text puts before its
    reasoning and the reply that follows it, where the data wrote them so too (`meta["thought"]`).
    """

    name: str
    summary: str
    format_tools: Callable[[Sequence[ToolSpec], str | None], tuple[Piece, ...]]
    format_calls: Callable[[Sequence[ToolCall]], str]
    format_results: Callable[[Sequence[str]], str] | None = None
    keywords: ReactKeywords = REACT
    thought: str = ""
    answer: str = ""


def to_json(value: Any) -> str:
    """JSON as Python's `json.dumps` spaces it, unicode as it is: what models were trained on."""
    return json.dumps(value, ensure_ascii=False)


def wrapped(tool: ToolSpec) -> dict[str, Any]:
    """The tool as given, put into {"type": "function", "function": ...} unless it is already."""
    if "type" in tool.raw or "function" in tool.raw:
        return tool.raw
    return {"type": "function", "function": tool.raw}


def unwrapped(tool: ToolSpec) -> dict[str, Any]:
    """The tool as given, without the {"type": "function", ...} around it."""
    inner = tool.raw.get("function")
    return inner if "type" in tool.raw and isinstance(inner, dict) else tool.raw


def parameters_text(function: dict[str, Any]) -> str:
    """The parameters of a tool as text; `{}` where it has none."""
    parameters = function.get("parameters") or {}
    return parameters if isinstance(parameters, str) else to_json(parameters)


@dataclass(frozen=True, slots=True)
class ToolWords:
    """What a tool section says of one tool."""

    name: str
    title: str
    description: str
    parameters: str


def describe(tool: ToolSpec) -> ToolWords:
    """The words for one tool; `name_for_model`-like keys of Qwen's tool lists are understood."""
    function = unwrapped(tool)
    name = str(function.get("name_for_model") or function.get("name") or tool.name)
    description = function.get("description")
    if description is None:
        description = function.get("description_for_model")
    return ToolWords(
        name=name,
        title=str(function.get("name_for_human") or name),
        description="" if description is None else str(description),
        parameters=parameters_text(function),
    )


def react_calls(keywords: ReactKeywords) -> Callable[[Sequence[ToolCall]], str]:
    """Calls in ReAct words, then the word at which generation stops for the result.

    Arguments are printed as a Python dict, as ms-swift prints them.
    """

    def format_calls(calls: Sequence[ToolCall]) -> str:
        lines = [
            f"{keywords.action} {call.name}\n{keywords.action_input} {call.arguments}\n"
            for call in calls
        ]
        return "".join(lines) + keywords.observation

    return format_calls
