"""The model's turn in a response of an OpenAI-like chat API, as messages of the chat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agentdata.formats.common.values import first_value

_JOINED = ("content", "reasoning_content", "reasoning", "thinking", "tool_plan", "refusal")


def turn(response: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The messages of a response's body: `choices` (OpenAI), `message` (Cohere, Ollama) or
    `outputs` (xAI). None where it is no such body."""
    choices = response.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        message = choices[0].get("message")
        return [message] if isinstance(message, dict) else None
    outputs = response.get("outputs")
    if isinstance(outputs, list) and outputs:
        found = [output.get("message") for output in outputs if isinstance(output, dict)]
        return [message for message in found if isinstance(message, dict)] or None
    message = response.get("message")
    if isinstance(message, dict) and message.get("role") == "assistant":
        return [message]
    return None


def from_events(events: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The body of a response from the pieces of its stream; None where that is not whole."""
    messages: dict[int, dict[str, Any]] = {}
    ended = False
    for event in events:
        event = event["chunk"] if isinstance(event.get("chunk"), dict) else event
        pieces = first_value(event, ("choices", "outputs"))
        if pieces is None and isinstance(event.get("message"), dict):
            pieces = [{"delta": event["message"], "finish_reason": event.get("done") or None}]
        for piece in pieces if isinstance(pieces, list) else []:
            delta = piece.get("delta") if isinstance(piece, dict) else None
            if isinstance(delta, dict):
                index = piece.get("index")
                index = index if isinstance(index, int) else 0
                _add(messages.setdefault(index, {"role": "assistant"}), delta)
                ended = ended or bool(piece.get("finish_reason"))
    if not messages or not ended:
        return None
    for message in messages.values():
        if isinstance(message.get("tool_calls"), dict):
            message["tool_calls"] = list(message["tool_calls"].values())
    return {"outputs": [{"message": messages[index]} for index in sorted(messages)]}


def _add(message: dict[str, Any], delta: dict[str, Any]) -> None:
    if isinstance(delta.get("role"), str) and delta["role"]:
        message["role"] = delta["role"]
    for key in _JOINED:
        value = delta.get(key)
        if isinstance(value, str | list) and value:
            message[key] = _joined(message.get(key), value)
    pieces = delta.get("tool_calls")
    calls = message.setdefault("tool_calls", {}) if pieces else {}
    for call in pieces if isinstance(pieces, list) else []:
        if isinstance(call, dict):
            _add_call(calls, call)


def _joined(before: Any, value: str | list[Any]) -> str | list[Any]:
    if not before:
        return value
    if isinstance(before, str) and isinstance(value, str):
        return before + value
    parts = [before] if isinstance(before, str) else before
    return [*parts, *([value] if isinstance(value, str) else value)]


def _add_call(calls: dict[Any, Any], call: dict[str, Any]) -> None:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    at: Any = call.get("index")
    if not isinstance(at, int):
        # Without numbers a call comes whole, and the same id is the same call said again.
        at = str(call.get("id") or f"#{len(calls)}")
        calls.pop(at, None)
    held = calls.setdefault(at, {"id": None, "function": {"name": "", "arguments": ""}})
    held["id"] = held["id"] or call.get("id")
    held["function"]["name"] = held["function"]["name"] or function.get("name") or ""
    arguments = function.get("arguments")
    if isinstance(arguments, str) and isinstance(held["function"]["arguments"], str):
        held["function"]["arguments"] += arguments
    elif arguments is not None:
        held["function"]["arguments"] = arguments
