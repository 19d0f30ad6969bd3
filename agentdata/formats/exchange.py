"""Recorded calls of a provider's API: the body of a request with the body of its response."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce
from typing import Any

from pydantic import BaseModel, ConfigDict

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats import anthropic, bedrock, gemini, openai, responses
from agentdata.formats.base import Fit, Format
from agentdata.formats.common import chat_turn
from agentdata.formats.common.bodies import Body, Pair, is_call, pair_of
from agentdata.formats.common.chat import Act, read_chat
from agentdata.formats.common.talk import HIDDEN_HISTORY
from agentdata.formats.common.threads import EARLIER, UNFINISHED, extended, gathered
from agentdata.formats.common.values import check

CHAT = replace(
    openai.DIALECT,
    roles={
        **openai.DIALECT.roles,
        "ROLE_SYSTEM": Act.SYSTEM,
        "ROLE_DEVELOPER": Act.SYSTEM,
        "ROLE_USER": Act.USER,
        "ROLE_ASSISTANT": Act.ASSISTANT,
        "ROLE_TOOL": Act.TOOL,
        "ROLE_FUNCTION": Act.TOOL,
    },
    reasoning=(*openai.DIALECT.reasoning, "tool_plan"),
    messages=("messages",),
    meta=(),
)
"""The chat APIs of OpenAI and those like it: Mistral, Groq, Cohere, DeepSeek, Ollama, xAI, ..."""


_MODELS: dict[str, type[BaseModel]] = {
    "anthropic": anthropic.AnthropicRow,
    "gemini": gemini.GeminiRow,
    "bedrock": bedrock.BedrockRow,
    "responses": responses.ResponsesRow,
}


class ExchangeRow(BaseModel):
    """A row of `exchange`: a request and its response, each with its body in it or as it is.

    `earlier` holds the records that the last one goes on from.
    """

    model_config = ConfigDict(extra="allow", defer_build=True)

    request: Any = None
    response: Any = None
    method: str | None = None
    earlier: list[dict[str, Any]] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a response with a turn of a model beside its request; readable as any other
    recorded call of an HTTP API."""
    try:
        pair = pair_of(row)
    except RowError:
        return Fit.READABLE if is_call(row) else Fit.NO
    if pair is None:
        return Fit.NO
    known = isinstance(pair.request.value, dict) and _response(pair.response) is not None
    if known:
        return Fit.MARKED
    return Fit.READABLE if is_call(row) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    check(ExchangeRow, row)
    records = [*(row.get(EARLIER) or []), row]
    conversation = reduce(_extended, (_read(record) for record in records))
    first = pair_of(records[0])
    if first is None or not isinstance(first.request.value, dict):
        raise RowError("no_request", "the body of the request was not kept", pointer="/request")
    if UNFINISHED in conversation.meta:
        raise RowError(
            UNFINISHED, "the response was still to come when it was recorded", pointer="/response"
        )
    if conversation.meta.get(responses.PREVIOUS_ID) and len(records) == 1:
        return replace(conversation, warnings=(*conversation.warnings, HIDDEN_HISTORY))
    return conversation


def gather(
    records: Iterable[tuple[int, dict[str, Any]]],
) -> Iterator[tuple[list[int], dict[str, Any]]]:
    """Calls that go on with each other, as one row."""
    return gathered(records, _read)


def _check(model: type[BaseModel], body: dict[str, Any], at: str) -> None:
    try:
        check(model, body)
    except RowError as error:
        raise RowError(error.code, error.message, pointer=at + error.pointer) from None


def _extended(before: Conversation, after: Conversation) -> Conversation:
    both = extended(before, after)
    if both is None:
        raise RowError(
            "broken_thread", "a record does not go on with those before it", pointer=f"/{EARLIER}"
        )
    return both


def _read(record: dict[str, Any]) -> Conversation:
    """The conversation of one recorded call."""
    pair = pair_of(record)
    if pair is None:
        raise RowError("not_a_conversation", "no request with its response", pointer="/request")
    found = _response(pair.response)
    if found is None:
        raise _no_turn(pair)
    kind, response = found
    request = pair.request.value if isinstance(pair.request.value, dict) else {}
    at = (pair.request.pointer, pair.response.pointer)
    if kind in _MODELS:
        _check(_MODELS[kind], request, at[0])
    match kind:
        case "anthropic":
            conversation = anthropic.read_pair(request, response, at)
        case "gemini":
            conversation = gemini.read_pair(request, response, at)
        case "bedrock":
            conversation = bedrock.read_pair(request, response, at)
        case "responses":
            conversation = _read_responses(request, response, at)
        case _:
            conversation = _read_chat(request, response, at)
    choices = response.get("choices") or response.get("candidates")
    others = len(choices) - 1 if isinstance(choices, list) else 0
    return replace(conversation, warnings=conversation.warnings + ("choice_passed_over",) * others)


def _response(body: Body) -> tuple[str, dict[str, Any]] | None:
    """Whose response it is, and its body, put together where it was streamed."""
    value = body.value
    if isinstance(value, list):
        for kind, module in (
            ("responses", responses),
            ("anthropic", anthropic),
            ("gemini", gemini),
            ("chat", chat_turn),
        ):
            whole = module.from_events(value)
            if whole is not None:
                return kind, whole
        return None
    if not isinstance(value, dict):
        return None
    for kind, module in (
        ("responses", responses),
        ("anthropic", anthropic),
        ("gemini", gemini),
        ("bedrock", bedrock),
    ):
        if module.is_response(value):
            return kind, value
    return ("chat", value) if chat_turn.turn(value) is not None else None


def _no_turn(pair: Pair) -> RowError:
    body, at = pair.response.value, pair.response.pointer
    events = body if isinstance(body, list) else [body or {}]
    if any(event.get("error") or event.get("type") == "error" for event in events):
        return RowError("error_response", "the response is an error", pointer=at)
    if isinstance(body, list):
        return RowError("broken_stream", "the stream of the response is not whole", pointer=at)
    return RowError("not_a_conversation", "the response holds no turn of a model", pointer=at)


def _read_responses(
    request: dict[str, Any], response: dict[str, Any], at: tuple[str, str]
) -> Conversation:
    if not responses.is_pending(response):
        return responses.read_pair(request, response, at)
    conversation = responses.read_pair(request, None, at) if request else Conversation("", ())
    return replace(
        conversation,
        meta=conversation.meta | {responses.RESPONSE_ID: response.get("id"), UNFINISHED: True},
    )


def _read_chat(
    request: dict[str, Any], response: dict[str, Any], at: tuple[str, str]
) -> Conversation:
    said = chat_turn.turn(response) or []
    asked = request.get("messages")
    asked = asked if isinstance(asked, list) else []
    row = {**request, "messages": [_with_id(message) for message in (*asked, *said)]}
    try:
        check(openai.OpenAIRow, row)
        return read_chat(row, CHAT)
    except RowError as error:
        raise RowError(
            error.code, error.message, pointer=_place(error.pointer, len(asked), at)
        ) from None


def _with_id(message: Any) -> Any:
    """The message, with the id of the call where an answer (xAI) repeats the whole call."""
    if not isinstance(message, dict) or message.get("role") != "ROLE_TOOL":
        return message
    calls = message.get("tool_calls")
    call = calls[0] if isinstance(calls, list) and calls else None
    return (
        message | {"tool_call_id": call["id"]}
        if isinstance(call, dict) and "id" in call
        else message
    )


def _place(pointer: str, asked: int, at: tuple[str, str]) -> str:
    parts = pointer.split("/")
    if parts[1:2] == ["messages"] and len(parts) > 2 and int(parts[2]) >= asked:
        return at[1]
    return at[0] + pointer


FORMAT = Format(
    name="exchange",
    summary="recorded API calls, request with response (OpenAI-like, Anthropic, Gemini, Bedrock)",
    row_model=ExchangeRow,
    detect=detect,
    read=read,
    gather=gather,
)
