"""A conversation as the messages and tools that a template reads, in one of several forms."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.json_text import dumps
from agentdata.templates.jinja.origin import Field, Origin
from agentdata.templates.jinja.text import Text, from_origin, joined
from agentdata.templates.jinja.values import Dict, traced

THINK = ("<think>\n", "\n</think>\n\n")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Forms:
    """How a template wants its data; templates differ, and lose what comes in another form.

    `arguments` of a call as an object or as JSON text; `silent`, the content of a message that
    has calls alone; `content` as text or as a list of parts; `tools` wrapped in
    {"type": "function"} or bare; `ids` of calls as given, nine letters and digits (Mistral), or
    `functions.NAME:N` (Kimi); `reasoning` in fields of its own or in the content.
    """

    arguments: Literal["object", "json"] = "object"
    silent: Literal["empty", "null", "absent"] = "empty"
    content: Literal["text", "parts"] = "text"
    tools: Literal["wrapped", "bare"] = "wrapped"
    ids: Literal["given", "nine", "functions"] = "given"
    reasoning: Literal["fields", "content"] = "fields"


def messages(conversation: Conversation, forms: Forms) -> list[Dict]:
    """The messages of a conversation, each string with its source."""
    ids = list(_ids(conversation, forms))
    return [
        _message(number, message, forms, ids[number])
        for number, message in enumerate(conversation.messages)
    ]


def wrapped(tool: ToolSpec) -> dict[str, Any]:
    """The tool as given, within {"type": "function", "function": ...}."""
    if "type" in tool.raw or "function" in tool.raw:
        return tool.raw
    return {"type": "function", "function": tool.raw}


def bare(tool: ToolSpec) -> dict[str, Any]:
    """The tool as given, without {"type": "function", "function": ...}."""
    inner = tool.raw.get("function")
    return inner if isinstance(inner, dict) else tool.raw


@dataclass(frozen=True, slots=True)
class _Ids:
    """Of one message: the id of each call, or that of the call which a result answers."""

    own: tuple[str | None, ...]
    answers: ToolCall | None = None


def _ids(conversation: Conversation, forms: Forms) -> Iterator[_Ids]:
    """The ids of every message in the wanted form. A result without an id answers the first call
    of the message before that is still open."""
    made: dict[str, str] = {}
    by_id: dict[str, ToolCall] = {}
    waiting: list[tuple[str | None, ToolCall]] = []
    count = 0
    for number, message in enumerate(conversation.messages):
        if message.tool_calls:
            waiting, own = [], []
            for place, call in enumerate(message.tool_calls):
                new = call.id
                if forms.ids == "nine":
                    new = _nine(call.id or f"{number}:{place}")
                elif forms.ids == "functions":
                    new = f"functions.{call.name}:{count}"
                if call.id is not None and new is not None:
                    made[call.id] = new
                    by_id[call.id] = call
                own.append(new)
                waiting.append((new, call))
                count += 1
            yield _Ids(tuple(own))
        elif message.role == "tool":
            given = message.tool_call_id
            answers = by_id.get(given) if given is not None else None
            if given in made:
                new = made[given]
                waiting = [(i, call) for i, call in waiting if i != new]
            elif given is None and waiting:
                new, answers = waiting.pop(0)
            elif forms.ids == "nine":
                new = _nine(given or f"{number}")
            else:
                new = given
            yield _Ids((new,), answers=answers)
        else:
            yield _Ids(())


def _nine(key: str) -> str:
    """Nine letters and digits that stand for an id; such an id itself stays."""
    if len(key) == 9 and key.isascii() and key.isalnum():
        return key
    number = int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:8])
    letters = []
    for _ in range(9):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters)


def _message(number: int, message: Message, forms: Forms, ids: _Ids) -> Dict:
    out = Dict(role=from_origin(message.role, Origin(Field.ROLE, number)))
    out._origin = Origin(Field.MESSAGE, number)
    content = _content(number, message, forms)
    if message.tool_calls and not message.content and forms.silent != "empty" and not content:
        if forms.silent == "null":
            out["content"] = None
    else:
        out["content"] = content
    if message.reasoning is not None and forms.reasoning == "fields":
        # The keys that templates read it under; transformers gives the first two to all of them.
        reasoning = from_origin(message.reasoning, Origin(Field.REASONING, number))
        out["reasoning_content"] = out["thinking"] = out["reasoning"] = reasoning
    if message.tool_calls:
        out["tool_calls"] = traced(
            [
                _call(Origin(Field.CALL, number, place), call, ids.own[place], forms)
                for place, call in enumerate(message.tool_calls)
            ],
            Origin(Field.CALL, number),
        )
    if message.role == "tool":
        if ids.own[0] is not None:
            out["tool_call_id"] = from_origin(ids.own[0], Origin(Field.ID, number))
        name = message.name or (ids.answers.name if ids.answers else None)
        if name is not None:
            out["name"] = from_origin(name, Origin(Field.NAME, number))
    elif message.name is not None:
        out["name"] = from_origin(message.name, Origin(Field.NAME, number))
    return out


def _content(number: int, message: Message, forms: Forms) -> Any:
    origin = Origin(Field.CONTENT, number)
    lead: Text | None = None
    if message.reasoning is not None and forms.reasoning == "content":
        opening, closing = THINK
        lead = from_origin(opening + message.reasoning + closing, Origin(Field.REASONING, number))
    if isinstance(message.content, str):
        text = from_origin(message.content, origin)
        text = joined((lead, text)) if lead else text
        if forms.content == "text":
            return text
        return traced([{"type": "text", "text": text}], origin) if text else []
    parts: list[Any] = [{"type": "text", "text": lead}] if lead else []
    parts += [
        {"type": "text", "text": part.text} if part.type == "text" else {"type": part.type}
        for part in message.content
    ]
    return traced(parts, origin)


def _call(origin: Origin, call: ToolCall, call_id: str | None, forms: Forms) -> Any:
    arguments = call.arguments
    if forms.arguments == "json" and not isinstance(arguments, str):
        arguments = dumps(arguments)
    made: dict[str, Any] = {} if call_id is None else {"id": call_id}
    made |= {"type": "function", "function": {"name": call.name, "arguments": arguments}}
    return traced(made, origin)
