"""What an agent template is, and the pieces that several of them share."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, cast

import orjson

from agentdata.call_text.named_calls import NamedCalls
from agentdata.conversation import ToolCall, ToolSpec
from agentdata.templates.parsing.wire import TurnWire, Wire
from agentdata.templates.prompt import Kind, Piece, Written
from agentdata.values import value

_T = TypeVar("_T")


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


@value
class Result:
    """One result on its way into the prompt, the `index`-th of its row (from 1). `call` is the call that it answers, by its place among
    the calls of the model's turn before it, and `call_index` its place among the parallel ones;
    `name` is the tool's name as the result itself has it, or the call with its id."""

    text: str
    index: int = 1
    name: str = ""
    call: ToolCall | None = None
    call_index: int = 0
    call_id: str = ""


class ResultsIn(StrEnum):
    """Where results stand. A chat format without turns for tools has them in the user's."""

    MODEL = "model"
    """Inside the model's turn, which goes on behind them."""
    USER = "user"
    """In one turn of the user."""
    TOOL = "tool"
    """In one turn of the tool."""
    TOOL_EACH = "tool_each"
    """Each in a turn of its own."""

    @property
    def is_tools_turn(self) -> bool:
        """Whether it is a turn of the tool."""
        return self is IN_TOOL or self is IN_TOOL_EACH


# A member is looked up in its Enum in five times the time of a name.
IN_MODEL, IN_USER = ResultsIn.MODEL, ResultsIn.USER
IN_TOOL, IN_TOOL_EACH = ResultsIn.TOOL, ResultsIn.TOOL_EACH


def no_lead_in(said: str | None) -> tuple[str, str]:
    """Calls follow what the model said as they are."""
    return said or "", ""


@dataclass(frozen=True, slots=True)
class AgentTemplate:
    """How tools, calls and results are written.

    `format_tools(tools, system)` gives the system prompt as (kind, text) pieces, `tools_in_user`
    the text that goes before the first user's, for templates that list the tools there;
    `format_calls` the text of parallel calls, and `format_results` that of results in one turn, as
    one text or in parts, with a `Mark` where a special token is meant. `wire` reads calls back
    (None: nothing does). `results_in` says where
    results stand; without `format_results` they stand as they are inside the model's turn, behind
    the observation word of `keywords`. `lead_in(said)` gives what the model said before calls
    (None: nothing) in the form in which calls follow it, and what separates the two. `thought` and
    `answer` are the words that a ReAct text puts before its reasoning and the reply that follows
    it, where the data wrote them so too (`meta["thought"]`).
    """

    name: str
    summary: str
    format_tools: Callable[[Sequence[ToolSpec], str | None], tuple[Piece, ...]]
    format_calls: Callable[[Sequence[ToolCall]], Written]
    wire: Wire | None
    format_results: Callable[[Sequence[Result]], Written] | None = None
    results_in: ResultsIn = ResultsIn.USER
    tools_in_user: Callable[[Sequence[ToolSpec]], str] | None = None
    lead_in: Callable[[str | None], tuple[str, str]] = no_lead_in
    keywords: ReactKeywords = REACT
    thought: str = ""
    answer: str = ""


# What was read holds nothing that holds itself.
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


def to_json(value: Any) -> str:
    """JSON as Python's `json.dumps` spaces it, unicode as it is: what models were trained on."""
    return _encode(value)


def tool_json(tool: ToolSpec, form: Callable[[ToolSpec], dict[str, Any]]) -> str:
    """The JSON of a tool, `wrapped` or `unwrapped`."""
    return of_tool(tool, _JSON_OF[form])


def of_tool(tool: ToolSpec, form: Callable[[ToolSpec], _T]) -> _T:
    """`form(tool)`, remembered, as rows choose from few tools; it must not be changed."""
    try:
        text = orjson.dumps(tool.raw, option=_AS_JSON)
    except TypeError:
        return form(tool)
    key = form, tool.name, text
    known = _known.get(key)
    if known is None:
        known = form(tool)
        # It writes null for NaN, too.
        if len(text) <= _KNOWN_BYTES and b"null" not in text:
            if len(_known) >= _KNOWN:
                _known.clear()
            _known[key] = known
    return cast(_T, known)


_AS_JSON = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
_KNOWN = 4096
_KNOWN_BYTES = 8192
_known: dict[tuple[Callable[[ToolSpec], Any], str, bytes], Any] = {}


def wrapped(tool: ToolSpec) -> dict[str, Any]:
    """The tool as given, put into {"type": "function", "function": ...} unless it is already."""
    raw: dict[str, Any] = without_padding(tool.raw)
    if "type" in raw or "function" in raw:
        return raw
    return {"type": "function", "function": raw}


def unwrapped(tool: ToolSpec) -> dict[str, Any]:
    """The tool as given, without the {"type": "function", ...} around it."""
    raw: dict[str, Any] = without_padding(tool.raw)
    inner = raw.get("function")
    return inner if "type" in raw and isinstance(inner, dict) else raw


_JSON_OF: dict[Callable[[ToolSpec], dict[str, Any]], Callable[[ToolSpec], str]] = {
    wrapped: lambda tool: to_json(wrapped(tool)),
    unwrapped: lambda tool: to_json(unwrapped(tool)),
}
_NULL_MEANS = frozenset({"default", "const"})
_NULL_INSIDE = frozenset({"enum", "examples"})


def without_padding(value: Any) -> Any:
    """A tool without the keys that hold null because a table has them in another row (Arrow gives
    all rows of a column the same keys). Null stays where JSON Schema gives it a meaning: as
    `default` or `const`, among the values of `enum` and `examples`, under `x-` keys."""
    if isinstance(value, list):
        return [without_padding(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        if key in _NULL_MEANS or key.startswith("x-"):
            kept[key] = item
        elif item is not None:
            kept[key] = item if key in _NULL_INSIDE else without_padding(item)
    return kept


def parameters_text(function: dict[str, Any]) -> str:
    """The parameters of a tool as text; `{}` where it has none."""
    parameters = function.get("parameters") or {}
    return parameters if isinstance(parameters, str) else to_json(parameters)


def tagged_arguments(call: ToolCall, argument: Callable[[str, str], str], separator: str) -> str:
    """The arguments of a call, each as `argument(name, value)` writes it: text as it is, other
    values as JSON. Arguments that are no JSON object stand as they are."""
    if isinstance(call.arguments, str):
        return call.arguments
    return separator.join(argument(k, value_text(v)) for k, v in call.arguments.items())


def value_text(value: Any) -> str:
    """Text as it is, any other value as JSON."""
    return value if isinstance(value, str) else to_json(value)


def wrapped_results(before: str, after: str, separator: str = "") -> Callable[..., str]:
    """A `format_results` that puts each result between two texts."""

    def format_results(results: Sequence[Result]) -> str:
        return separator.join([f"{before}{result.text}{after}" for result in results])

    return format_results


def after_system(system: str | None, text: str, separator: str = "\n\n") -> tuple[Piece, ...]:
    """The system prompt, then the tools: `separator` goes between them where there are both."""
    if not system:
        return ((Kind.TOOLS, text),)
    return (Kind.SYSTEM, system), (Kind.TOOLS, separator + text)


@dataclass(frozen=True, slots=True)
class ToolWords:
    """What a tool section says of one tool."""

    name: str
    title: str
    description: str
    parameters: str


def describe(tool: ToolSpec) -> ToolWords:
    """The words for one tool; `name_for_model`-like keys of Qwen's tool lists are understood."""
    return of_tool(tool, _described)


def _described(tool: ToolSpec) -> ToolWords:
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


def react_wire(keywords: ReactKeywords, thought: str = "", answer: str = "") -> TurnWire:
    """What reads back the calls of `react_calls`, with the words before thinking and the reply."""
    following = (keywords.action, keywords.observation, thought, answer.strip())
    calls = NamedCalls(
        keywords.action_input,
        keywords.action,
        following=tuple(word for word in following if word),
        literal=True,
    )
    return TurnWire(calls, stop=keywords.observation, thought=thought, answer=answer)
