"""Finds what a template left out of the text: a message, a call, a result, a tool."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentdata.conversation import Conversation, Message, ToolSpec
from agentdata.errors import RowError
from agentdata.templates.jinja.origin import TEMPLATE_FIELDS, Field, Origin
from agentdata.templates.jinja.spans import Span

_Found = dict[Origin, str]


def check_nothing_lost(text: str, spans: Sequence[Span], conversation: Conversation) -> None:
    """Raises RowError `template_dropped_content`, naming what the text lacks.

    Sought are the words of every message, the name and the arguments of every call, every result
    and the tools, each among the characters that came from it. They may be trimmed, or escaped as
    in JSON. Reasoning is no loss: most templates leave out that of earlier rounds.
    """
    found = _by_source(text, spans)
    for what, pointer in _lost(found, conversation):
        raise RowError(
            "template_dropped_content",
            f"the chat template leaves out {what}",
            pointer=pointer,
            remedy="choose another --template; this one does not write such messages",
        )


def shows_reasoning(text: str, spans: Sequence[Span], message: int, reasoning: str) -> bool:
    """Whether the reasoning of a message is in the text."""
    found = _by_source(text, spans).get(Origin(Field.REASONING, message), "")
    return reasoning.strip() in found


def _by_source(text: str, spans: Sequence[Span]) -> _Found:
    pieces: dict[Origin, list[str]] = {}
    for span in spans:
        if span.origin.field not in TEMPLATE_FIELDS:  # nothing sought is the template's own
            pieces.setdefault(span.origin, []).append(text[span.start : span.end])
    return {origin: "".join(parts) for origin, parts in pieces.items()}


def _lost(found: _Found, conversation: Conversation) -> Iterator[tuple[str, str]]:
    for number, message in enumerate(conversation.messages):
        yield from _lost_of(found, number, message)
    shown = found.get(Origin(Field.TOOLS), "")
    for place, tool in enumerate(conversation.tools):
        for word in _words_of(tool):
            if not _is_in(word, shown):
                yield f"the tool {tool.name!r}", f"/tools/{place}"
                break


def _lost_of(found: _Found, number: int, message: Message) -> Iterator[tuple[str, str]]:
    said = found.get(Origin(Field.CONTENT, number), "")
    parts = (
        [message.content]
        if isinstance(message.content, str)
        else [part.text for part in message.content if part.type == "text"]
    )
    if message.role == "tool" and _is_number(message.text):
        # A template that reads the number (Mistral's) loses where it came from.
        others = (
            text
            for (field, place, _), text in found.items()
            if field is Field.COMPUTED or place == number
        )
        said = " ".join((said, *others))
    name = {"system": "the system prompt", "tool": "a tool's result"}.get(
        message.role, f"the words of the {message.role}"
    )
    for part in parts:
        if not _is_in(part.strip(), said):
            yield f"{name} (message {number})", f"/messages/{number}"
            break
    for place, call in enumerate(message.tool_calls):
        called = found.get(Origin(Field.CALL, number, place), "")
        what = f"a call of {call.name!r} (message {number})"
        pointer = f"/messages/{number}/tool_calls/{place}"
        if not _is_in(call.name, called):
            yield what, pointer
        elif not all(_is_in(word, called) for word in _leaves(call.arguments)):
            yield f"arguments of {what}", pointer


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _words_of(tool: ToolSpec) -> Iterator[str]:
    yield tool.name
    properties = (tool.parameters or {}).get("properties")
    if isinstance(properties, Mapping):
        yield from (str(key) for key in properties)


def _leaves(value: Any) -> Iterator[str]:
    """All keys and texts of a value. Numbers are left out: templates write them in many ways."""
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)


def _is_in(word: str, text: str) -> bool:
    if not word or word in text:
        return True
    for plain in (False, True):
        inner = json.dumps(word, ensure_ascii=plain)[1:-1]
        # Once more where JSON stands in JSON.
        if inner in text or json.dumps(inner, ensure_ascii=plain)[1:-1] in text:
            return True
    return repr(word)[1:-1] in text
