"""Hermes text: tools in `<tools>`, calls in `<tool_call>`, results in `<tool_response>`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from agentdata.conversation import ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.common.calls import read_call
from agentdata.formats.common.json_run import json_run
from agentdata.formats.common.tools import read_tool, read_tools
from agentdata.formats.common.xml_calls import XML_CALL, read_xml_call

TOOLS_UNREAD = "tools_left_in_text"
"""Warning: a `<tools>` block could not be read; it stays in the text."""
CALL_IN_TEXT = "call_left_in_text"
"""Warning: what stands in a `<tool_call>` block is no call, only a place for one or another way to
write it; it stays in the text."""

_TOOLS = ("<tools>", "</tools>")
_BLOCK = re.compile(r"<(tool_call|tool_response)>")
_CALL = re.compile(rf"<tool_call>\s*(?:[{{\[]|{XML_CALL.pattern})")
_PLACE = re.compile(r"<[a-zA-Z][\w -]*>|\.\.\.|…")
# What says how to write a call, and nothing else: a template says that in its own words.
_INSTRUCTIONS = (
    (  # Qwen2.5, Qwen3, GLM-4.5
        re.compile(
            r"(?:# Tools\s+)?You may call one or more functions to assist with the user query\.\s+"
            r"You are provided with function signatures within <tools>\s*</tools> XML tags:\s*\Z"
        ),
        re.compile(r"\s*For each function call, (?:return|output) .*</tool_call>", re.DOTALL),
    ),
    (  # Hermes 2 Pro, Hermes 3, hermes-function-calling-v1
        re.compile(
            r"You are a function calling AI model\. You are provided with function signatures "
            r"within <tools>\s*</tools> XML tags\. You may call one or more functions to assist "
            r"with the user query\.(?: If available tools are not relevant in assisting with user "
            r"query, just respond in natural conversational language\.)? Don't make assumptions "
            r"about what values to plug into functions\.(?: Here are the available tools:)?\s*\Z"
        ),
        re.compile(
            r"\s*(?:Use the following pydantic model json schema for each tool call you will make:"
            r"[^\n]*\s*)?For each function call,? return a json object(?:(?!<scratch_pad>).)*"
            r"</tool_call>",
            re.DOTALL | re.IGNORECASE,
        ),
    ),
)


_Kind = Literal["text", "tool_call", "tool_response"]
_KINDS: dict[str, _Kind] = {"tool_call": "tool_call", "tool_response": "tool_response"}


class Piece(NamedTuple):
    """A piece of a text: what stands between the marks, or the text between blocks."""

    kind: _Kind
    text: str


def is_hermes(text: str, by_model: bool) -> bool:
    """Whether a text of the model makes calls, or one of others lists tools or begins with
    results."""
    if "<tool" not in text:
        return False
    if by_model:
        return _CALL.search(text) is not None
    return is_results(text) or any(
        text[start:end].lstrip()[:1] in ("{", "[") for start, end in _tool_blocks(text)
    )


def is_results(text: str) -> bool:
    """Whether a text is tool results, or begins with some."""
    return text.lstrip().startswith("<tool_response>")


def take_tools(text: str, pointer: str, warnings: list[str]) -> tuple[tuple[ToolSpec, ...], str]:
    """The tools that a system or user text lists, and the text without them and without an
    instruction that only says how to call them. A text without tools is kept to the letter."""
    for start, end in _tool_blocks(text):
        inner = text[start:end].strip()
        if not inner:
            continue
        try:
            tools = _read_tools(inner, pointer)
        except RowError:
            warnings.append(TOOLS_UNREAD)
            continue
        before, after = text[: start - len(_TOOLS[0])], text[end + len(_TOOLS[1]) :]
        for opening, closing in _INSTRUCTIONS:
            opened, closed = opening.search(before), closing.match(after)
            if opened and closed:
                before, after = before[: opened.start()], after[closed.end() :]
                break
        return tools, "\n\n".join(part for part in (before.strip(), after.strip()) if part)
    return (), text


def _tool_blocks(text: str) -> Iterator[tuple[int, int]]:
    """Where the insides of `<tools>` blocks begin and end."""
    end = 0
    while (start := text.find(_TOOLS[0], end)) >= 0:
        start += len(_TOOLS[0])
        end = text.find(_TOOLS[1], start)
        if end < 0:
            return
        yield start, end


def _read_tools(inner: str, pointer: str) -> tuple[ToolSpec, ...]:
    values, end = json_run(inner)
    if inner[end:].strip(", \n\t"):
        return read_tools(inner, pointer)
    flat = [tool for value in values for tool in (value if isinstance(value, list) else [value])]
    return tuple(read_tool(value, pointer) for value in flat)


def split_blocks(text: str, is_call: Callable[[str], bool] = lambda _: True) -> list[Piece]:
    """The blocks of a text and what stands between them, without white space next to the marks; a
    text without blocks to the letter. A block that is not closed is text, and so is one that was
    opened anew before it closed, and a `<tool_call>` whose inside is no call."""
    pieces: list[Piece] = []
    start = end = 0
    closings: dict[str, int] = {}
    while opening := _BLOCK.search(text, end):
        kind, mark, end = opening[1], opening[0], opening.end()
        if 0 <= closings.get(kind, 0) < end:
            closings[kind] = text.find(f"</{kind}>", end)
        closing = closings[kind]
        if closing < 0 or text.find(mark, end, closing) >= 0:
            continue
        if kind == "tool_call" and not is_call(text[end:closing]):
            continue
        if before := text[start : opening.start()].strip():
            pieces.append(Piece("text", before))
        pieces.append(Piece(_KINDS[kind], text[end:closing]))
        start = end = closing + len(kind) + 3
    if after := text[start:].strip() if pieces else text:
        pieces.append(Piece("text", after))
    return pieces


def read_calls(
    inner: str, pointer: str, warnings: list[str], tools: Sequence[ToolSpec] = ()
) -> tuple[ToolCall, ...] | None:
    """The calls in a block: JSON, a Python literal, or XML; None where it is text that only shows
    how a call looks. Raises RowError `bad_tool_call`."""
    text = inner.strip()
    if (call := read_xml_call(text, tools)) is not None:
        return (call,)
    values, end = json_run(text)
    if not values or text[end:].strip(", \n\t"):
        if text[:1] not in ("{", "[") or _PLACE.search(text):
            warnings.append(CALL_IN_TEXT)
            return None
        raise RowError("bad_tool_call", "a <tool_call> holds no valid JSON", pointer=pointer)
    flat = [call for value in values for call in (value if isinstance(value, list) else [value])]
    return tuple(read_call(call, pointer, warnings) for call in flat)
