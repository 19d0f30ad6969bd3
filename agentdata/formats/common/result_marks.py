"""How texts write a call with its result behind it: the marks of each way, as data.

Sources: Search-R1, ReSearch, ZeroSearch, Search-o1, WebThinker, R1-Searcher, ToRA, NuminaMath-TIR,
OpenMathInstruct, OpenMathReasoning, MathCoder, ReTool, Calc-X, CodeAct, Hermes, Glaive, and the
templates of Mistral, Llama 3, InternLM 2, DeepSeek, Command R and Anthropic's older models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agentdata.call_text.base import Reader
from agentdata.call_text.named_calls import NamedCalls
from agentdata.call_text.parameter_calls import ParameterCalls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.common.calls import read_arguments, read_calls_text
from agentdata.formats.common.fences import unfenced
from agentdata.formats.common.hermes_text import read_calls
from agentdata.formats.common.python_calls import read_python_calls
from agentdata.formats.common.values import json_or_none
from agentdata.formats.common.xml_calls import read_xml_call

Calls = tuple[ToolCall, ...] | None
ReadCalls = Callable[[str, list[str], Sequence[ToolSpec]], Calls]
"""The calls between two marks, None where there are none to be read; appends warnings."""


class Marks(NamedTuple):
    """What stands before and behind a call or a result. Without `close` it goes on up to what
    follows it: a call to its result, a result to the end of the text."""

    open: str
    close: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and the results that may stand behind it, with nothing but white space between."""

    call: Marks
    results: tuple[Marks, ...]
    read: ReadCalls


def _text(name: str, key: str) -> ReadCalls:
    def read(inner: str, warnings: list[str], tools: Sequence[ToolSpec]) -> Calls:
        value = unfenced(inner).strip("\n" if key == "code" else None)
        return (ToolCall(name, {key: value}),) if value.strip() else None

    return read


def _json(inner: str, warnings: list[str], tools: Sequence[ToolSpec]) -> Calls:
    found: list[str] = []
    try:
        calls = read_calls(unfenced(inner), "", found, tools)
    except RowError:
        return None
    warnings += found if calls else []
    return calls


def _python_tag(inner: str, warnings: list[str], tools: Sequence[ToolSpec]) -> Calls:
    """Llama 3.1: JSON, `brave_search.call(query="...")`, or code."""
    if inner.lstrip().startswith("{") and (calls := _json(inner, warnings, tools)):
        return calls
    built_in = read_python_calls(inner)
    if built_in and all(call.name.endswith(".call") for call in built_in):
        return tuple(ToolCall(call.name.removesuffix(".call"), call.arguments) for call in built_in)
    return _PYTHON(inner, warnings, tools)


def _command_r(inner: str, warnings: list[str], tools: Sequence[ToolSpec]) -> Calls:
    """Command R: a list in a block of code."""
    return _json(inner.strip().removeprefix("```json"), warnings, tools)


def _function(inner: str, warnings: list[str], tools: Sequence[ToolSpec]) -> Calls:
    """Llama 3.1 and OpenHands: a name, and JSON or parameters in tags."""
    call = read_xml_call(f"<function={inner}</function>", tools)
    if call is not None and (call.arguments or not inner.partition(">")[2].strip()):
        return (call,)
    name, _, arguments = inner.partition(">")
    value = json_or_none(arguments)
    return (ToolCall(name.strip(), value),) if isinstance(value, dict) else None


def _named(inner: str, warnings: list[str], tools: Sequence[ToolSpec]) -> Calls:
    """functionary v1: a name, a colon and arguments."""
    name, colon, arguments = inner.partition(":")
    return (ToolCall(name.strip(), read_arguments(arguments.strip(), warnings)),) if colon else None


def _mistral(inner: str, warnings: list[str], tools: Sequence[ToolSpec]) -> Calls:
    """Mistral: a list, or (from v11 on) a name, perhaps an id, and arguments."""
    head, separator, arguments = inner.partition("[ARGS]")
    name, _, call_id = head.strip().partition("[CALL_ID]")
    try:
        if not separator:
            return read_calls_text(inner, "", warnings)
    except RowError:
        return None
    return (ToolCall(name, read_arguments(arguments, warnings), call_id or None),) if name else None


_INVOKE = ParameterCalls(
    '<invoke name="{name}">', "</invoke>", '<parameter name="{key}">', "</parameter>"
)
_DEEPSEEK = NamedCalls(
    "\n",
    "<｜tool▁call▁begin｜>function<｜tool▁sep｜>",
    "<｜tool▁call▁end｜>",
    fenced=True,
)
_DEEPSEEK_31 = NamedCalls("<｜tool▁sep｜>", "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>")


def _parsed(*styles: NamedCalls | ParameterCalls) -> ReadCalls:
    def read(inner: str, warnings: list[str], tools: Sequence[ToolSpec]) -> Calls:
        for style in styles:
            reader, at = Reader(inner), 0
            while (at := style.find(inner, at)) >= 0:
                at = style.read(reader, at)
            if reader.calls and not reader.faults:
                return tuple(found.call for found in reader.calls)
        return None

    return read


def _tags(*names: str) -> tuple[Marks, ...]:
    return tuple(Marks(f"<{name}>", f"</{name}>") for name in names)


_PYTHON = _text("python", "code")
_SEARCH = _text("search", "query")
_OUTPUT_BLOCK = Marks("```output", "```")
OUTPUT_BLOCKS = (_OUTPUT_BLOCK, Marks("```tool_output", "```"), Marks("```tool_outputs", "```"))
"""Blocks of code fences that hold what came of the block of code before them."""
EXECUTION_RESULT = Marks("EXECUTION RESULT of [", "")
"""OpenHands: the name of the tool, `]:` and a line break follow."""

_RUN = _tags(
    "interpreter", "output", "result", "execution_result", "observation", "execution", "stdout"
)
_FOUND = _tags(
    *("information", "result", "results", "documents", "context", "observation", "output"),
    *("search_result", "search_results", "learnings", "tool_response"),
)
_ANSWERED = _tags(
    *("tool_response", "tool_result", "tool_results", "tool_output", "observation", "result"),
    *("function_response", "function_result", "function_results", "output"),
)

CODE_BLOCK = Marks("```", "```")
"""A block of code in a fence; the word behind its opening says what kind of code it is."""

EXCHANGES: tuple[Exchange, ...] = (
    Exchange(CODE_BLOCK, (*OUTPUT_BLOCKS, *_RUN), _PYTHON),
    Exchange(Marks("<search>", "</search>"), _FOUND, _SEARCH),
    Exchange(
        Marks("<|begin_search_query|>", "<|end_search_query|>"),
        (Marks("<|begin_search_result|>", "<|end_search_result|>"),),
        _SEARCH,
    ),
    Exchange(
        Marks("<|begin_click_link|>", "<|end_click_link|>"),
        (Marks("<|begin_click_result|>", "<|end_click_result|>"),),
        _text("click", "link"),
    ),
    Exchange(
        Marks("<begin_search_query>", "<end_search_query>"),
        (Marks("<begin_search_result>", "<end_search_result>"),),
        _SEARCH,
    ),
    Exchange(
        Marks("<|begin_of_query|>", "<|end_of_query|>"),
        (Marks("<|begin_of_documents|>", "<|end_of_documents|>"),),
        _SEARCH,
    ),
    Exchange(Marks("<code>", "</code>"), (*_RUN, _OUTPUT_BLOCK), _PYTHON),
    Exchange(Marks("<python>", "</python>"), (*_RUN, _OUTPUT_BLOCK), _PYTHON),
    Exchange(Marks("<llm-code>", "</llm-code>"), _tags("llm-code-output"), _PYTHON),
    Exchange(
        Marks("<|code|>", "<|endofblock|>"),
        (Marks("<|execution|>", "<|endofblock|>"),),
        _PYTHON,
    ),
    Exchange(
        Marks('<gadget id="calculator">', "</gadget>"),
        _tags("output"),
        _text("calculator", "expression"),
    ),
    Exchange(Marks("<calculator>", "</calculator>"), _RUN, _text("calculator", "expression")),
    *(
        Exchange(Marks(f"<{tag}>", f"</{tag}>"), (*_RUN, EXECUTION_RESULT), _text(name, key))
        for tag, name, key in (
            ("execute", "execute", "code"),
            ("execute_bash", "execute_bash", "command"),
            ("execute_ipython", "execute_ipython_cell", "code"),
            ("execute_browse", "browser", "code"),
            ("bash", "bash", "command"),
            ("command", "bash", "command"),
        )
    ),
    *(
        Exchange(Marks(f"<{tag}>", f"</{tag}>"), _ANSWERED, _json)
        for tag in ("tool_call", "function_call", "tool", "action")
    ),
    Exchange(Marks("<tool_call>", "</tool_call>"), (_OUTPUT_BLOCK,), _PYTHON),
    Exchange(
        Marks("<function_calls>", "</function_calls>"),
        _tags("function_results"),
        _parsed(_INVOKE),
    ),
    Exchange(
        Marks("<functioncall>", ""),
        (Marks("FUNCTION RESPONSE:", "ASSISTANT:"), *_tags("function_response")),
        _json,
    ),
    Exchange(Marks("Action:", "```"), _tags("results"), _command_r),
    Exchange(Marks("[TOOL_CALLS]", ""), (Marks("[TOOL_RESULTS]", "[/TOOL_RESULTS]"),), _mistral),
    Exchange(
        Marks("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
        (Marks("<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>"),),
        _parsed(_DEEPSEEK, _DEEPSEEK_31),
    ),
    Exchange(Marks("<function=", "</function>"), (*_ANSWERED, EXECUTION_RESULT), _function),
    Exchange(
        Marks("<|START_OF_FUNCTION_CALL|>", "<|END_OF_FUNCTION_CALL|>"),
        (),
        _named,
    ),
    Exchange(Marks("<|action_start|><|interpreter|>", "<|action_end|>"), (), _PYTHON),
    Exchange(Marks("<|action_start|><|plugin|>", "<|action_end|>"), (), _json),
    Exchange(Marks("<|python_tag|>", ""), (), _python_tag),
)

FILLERS = (
    *("</s>", "<|endoftext|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>"),
    *("<｜end▁of▁sentence｜>", "<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>"),
)
"""What may stand beside a result and says nothing: the ends of turns, marks of lists of results."""

SIGNS = (
    *("</", "```", "|>", "｜>", "_search_result>", "_turn>", "]~b]"),
    *("[TOOL_RESULTS]", "EXECUTION RESULT", "FUNCTION RESPONSE"),
)
"""A text in which none of these stands holds no result, and no turn of another's."""
