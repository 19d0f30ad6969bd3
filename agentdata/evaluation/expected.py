"""What the model should have done: the turns of a reference conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from agentdata.checks.parameters import parameters_of, to_schema
from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec

ACCEPTED = "accepted"
"""Key of `Conversation.meta`: answers that would do as well, as
[{"message": index, "calls": [{parameter: [values]}, ...]} or {"message": index, "texts": [...]}].
As in BFCL's `possible_answer`, "" among the values means that the parameter may be left out, and
an object among them holds the values of each of its own keys."""
CALL_EXPECTED = "call_expected"
"""Key of `Conversation.meta`: whether the turn that follows a row without an answer is to call."""
URLS = "call_urls"

Options = Mapping[str, Sequence[Any]]
"""{parameter: values that are right}."""


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """A call of the reference. `options` is None where the arguments are text, `url` where the
    data give none. `types` are the parameters' own schemas, `required` their names."""

    call: ToolCall
    options: Options | None
    url: str | None = None
    types: Mapping[str, Any] | None = None
    required: frozenset[str] = frozenset()

    def may_lack(self, name: str) -> bool:
        """Whether the parameter may be left out."""
        options = (self.options or {}).get(name, ())
        return name not in self.required and any(o == "" and isinstance(o, str) for o in options)


@dataclass(frozen=True, slots=True)
class ExpectedTurn:
    """A turn of the model in the reference: consecutive assistant messages.

    `turn` counts them from 0. `texts` are replies that would do, none where the turn says nothing.
    `calls` are empty where none is expected, or where one is (`calls_expected`) and no one knows
    which.
    """

    turn: int
    calls: tuple[ExpectedCall, ...]
    calls_expected: bool
    texts: tuple[str, ...] = ()
    tools: tuple[ToolSpec, ...] = ()


def expected_turns(conversation: Conversation) -> Iterator[ExpectedTurn]:
    """The turns of the model in order; one more for a row that ends with the question, where the
    reader knows whether it is to be answered with a call."""
    tools = {tool.name: tool for tool in conversation.tools}
    accepted = {entry["message"]: entry for entry in conversation.meta.get(ACCEPTED, ())}
    urls = iter(conversation.meta.get(URLS, ()))
    turn = 0
    numbered = enumerate(conversation.messages)
    for is_models, group in groupby(numbered, lambda item: item[1].role == "assistant"):
        if not is_models:
            continue
        calls: list[ExpectedCall] = []
        texts: list[str] = []
        for index, message in group:
            entry = accepted.get(index, {})
            options = entry.get("calls") or [None] * len(message.tool_calls)
            calls += [
                expected_call(call, tools.get(call.name), given, next(urls, None))
                for call, given in zip(message.tool_calls, options, strict=True)
            ]
            texts = _joined(texts, entry.get("texts") or _text(message))
        yield ExpectedTurn(turn, tuple(calls), bool(calls), tuple(texts), conversation.tools)
        turn += 1
    if CALL_EXPECTED in conversation.meta:
        expected = bool(conversation.meta[CALL_EXPECTED])
        yield ExpectedTurn(turn, (), expected, (), conversation.tools)


def expected_call(
    call: ToolCall,
    tool: ToolSpec | None = None,
    options: Options | None = None,
    url: str | None = None,
) -> ExpectedCall:
    """The call with what is known of its parameters; without `options` its own values are right."""
    if isinstance(call.arguments, str):
        return ExpectedCall(call, None, url)
    schema = to_schema(parameters_of(tool)) if tool else {}
    raw = (tool.parameters or {}).get("properties") if tool else None
    if options is None:
        options = as_options(call.arguments)
    return ExpectedCall(
        call,
        # A parameter that no value is right for can only be left out.
        {name: values for name, values in options.items() if values},
        url,
        raw if isinstance(raw, dict) else schema.get("properties"),
        frozenset(schema.get("required", ())),
    )


def as_options(arguments: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Values as the only ones that are right.

    >>> as_options({"a": 1, "b": {"c": [2]}})
    {'a': [1], 'b': [{'c': [[2]]}]}
    """
    return {name: [_option(value)] for name, value in arguments.items()}


def _option(value: Any) -> Any:
    if isinstance(value, dict):
        return as_options(value)
    return [_option(item) for item in value] if isinstance(value, list) else value


def _text(message: Message) -> list[str]:
    return [message.text] if message.text.strip() else []


def _joined(before: list[str], texts: Sequence[str]) -> list[str]:
    """Each text behind each of those before it."""
    if not before or not texts:
        return before or list(texts)
    return [f"{first}\n{text}" for first in before for text in texts]
