"""Hy3: calls in `<tool_calls>` with `<arg_key>` and `<arg_value>` on lines of their own.

Source: the chat templates of Hy3-preview and Hy3, whose marks end with `:opensource`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentdata.call_text.parameter_calls import keyed_calls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.agent_templates.base import (
    AgentTemplate,
    Result,
    ResultsIn,
    after_system,
    value_text,
)
from agentdata.templates.agent_templates.hermes import tool_lines
from agentdata.templates.parsing.wire import THINK, TurnWire
from agentdata.templates.prompt import Kind, Mark, Piece

_BEFORE = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
"""
_AFTER = """
</tools>

For function call returns, you should first print <tool_calls>
For each function call, you should return object like:
<tool_call>{function-name}<tool_sep>
<arg_key>{arg-key-1}</arg_key>
<arg_value>{arg-value-1}</arg_value>
<arg_key>{arg-key-2}</arg_key>
<arg_value>{arg-value-2}</arg_value>
...
</tool_call>
At the end of function call returns, you should print </tool_calls>"""
_NAMES = ("tool_calls", "tool_call", "tool_sep", "arg_key", "arg_value")


def _template(name: str, families: str, ending: str) -> AgentTemplate:
    after = _AFTER
    for word in _NAMES:
        after = after.replace(f"{word}>", f"{word}{ending}>")

    def tag(word: str) -> Mark:
        return Mark(f"<{word}{ending}>")

    def format_tools(tools: Sequence[ToolSpec], system: str | None) -> tuple[Piece, ...]:
        return *after_system(system, _BEFORE + tool_lines(tools)), (Kind.TOOLS, Mark(after))

    def format_calls(calls: Sequence[ToolCall]) -> list[str]:
        parts: list[str] = [tag("tool_calls")]
        for call in calls:
            parts += ["\n", tag("tool_call"), call.name, tag("tool_sep"), "\n", *arguments(call)]
            parts += ["\n", tag("/tool_call")]
        return [*parts, "\n", tag("/tool_calls")]

    def arguments(call: ToolCall) -> list[str]:
        if isinstance(call.arguments, str):
            return [call.arguments]
        parts: list[str] = []
        for key, value in call.arguments.items():
            parts += ["\n"] if parts else []
            parts += [tag("arg_key"), key, tag("/arg_key"), "\n"]
            parts += [tag("arg_value"), value_text(value), tag("/arg_value")]
        return parts

    def format_results(results: Sequence[Result]) -> list[str]:
        parts: list[str] = [tag("tool_responses"), "\n"]
        for result in results:
            parts += [tag("tool_response"), f"\n{result.text}\n", tag("/tool_response"), "\n"]
        return [*parts, tag("/tool_responses")]

    think = dict.fromkeys(((f"<think{ending}>", f"</think{ending}>"), *THINK))
    wire = TurnWire(
        keyed_calls("arg", ending, after_name=f"<tool_sep{ending}>"),
        think=tuple(think),
        section=(f"<tool_calls{ending}>", f"</tool_calls{ending}>"),
    )
    return AgentTemplate(
        name=name,
        summary=f"<tool_calls> with <arg_key> and <arg_value> lines; {families}",
        format_tools=format_tools,
        format_calls=format_calls,
        wire=wire,
        format_results=format_results,
        results_in=ResultsIn.TOOL,
    )


TEMPLATES = (
    _template("hy_v3", "Hy3", ":opensource"),
    _template("hy_v3_preview", "Hy3-preview", ""),
)
