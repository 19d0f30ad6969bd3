"""The content of one message: text, or a list of typed parts of many dialects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agentdata.conversation import Message, Part, ToolCall
from agentdata.errors import RowError
from agentdata.formats.common.calls import read_call, read_calls_text
from agentdata.formats.common.media import PART_TYPES, MediaList
from agentdata.formats.common.values import first_value
from agentdata.json_text import dumps

TEXT_TYPES = frozenset({"text", "input_text", "output_text"})
REASONING_TYPES = frozenset({"reasoning", "thinking", "think"})
CALL_TYPES = frozenset({"tool_call", "function_call"})
FILE_TYPES = frozenset({"file", "input_file", "document", "file_url", "document_url"})
_TEXT_KEYS = ("text", "value", "content", "reasoning", "thinking")


@dataclass(slots=True)
class Content:
    """What a content holds. `results` are tool results that some dialects put inside a user's
    message; they come before its own words."""

    body: str | tuple[Part, ...] = ""
    reasoning: str | None = None
    calls: Sequence[ToolCall] = ()
    results: Sequence[Message] = ()


def read_content(value: Any, pointer: str, media: MediaList, warnings: list[str]) -> Content:
    """The content of a message; null is "".

    Raises RowError `bad_content`, `unknown_part`, `bad_tool_call`, `bad_media`.
    """
    if isinstance(value, str):
        return Content(media.place(value))
    if value is None:
        return Content()
    if not isinstance(value, list):
        raise RowError("bad_content", "the content is neither text nor parts", pointer=pointer)
    content, parts = Content(), []
    for index, raw in enumerate(value):
        parts.extend(_read_part(raw, f"{pointer}/{index}", content, media, warnings))
    if all(part.type == "text" for part in parts):
        content.body = "".join(part.text for part in parts)
    else:
        content.body = tuple(parts)
    return content


def read_result(
    value: Any, pointer: str, media: MediaList, warnings: list[str]
) -> str | tuple[Part, ...]:
    """The content of a tool's answer: as a message's, but anything that is neither text nor typed
    parts is data, and becomes its JSON text."""
    if value is None or isinstance(value, str):
        return media.place(value or "")
    if isinstance(value, list) and value and all(_is_typed(part) for part in value):
        return read_content(value, pointer, media, warnings).body
    return dumps(value)


def _is_typed(part: Any) -> bool:
    kind = part.get("type") if isinstance(part, dict) else None
    return isinstance(kind, str) and (kind in TEXT_TYPES or kind in PART_TYPES)


def _read_part(
    raw: Any, pointer: str, content: Content, media: MediaList, warnings: list[str]
) -> list[Part]:
    if isinstance(raw, str):
        return _parts(media.place(raw))
    if not isinstance(raw, dict):
        raise RowError("bad_content", "a part is neither text nor an object", pointer=pointer)
    kind = raw.get("type") or next((k for k in ("text", *PART_TYPES) if k in raw), None)
    if not isinstance(kind, str):
        raise RowError("unknown_part", "a part without a type", pointer=pointer)
    if kind in TEXT_TYPES:
        return _parts(media.place(_text(raw, pointer)))
    if kind in PART_TYPES:
        media_type = PART_TYPES[kind]
        return [Part(media_type, media=media.add(media_type, raw, pointer))]
    if kind in REASONING_TYPES:
        content.reasoning = (content.reasoning or "") + _text(raw, pointer)
    elif kind in CALL_TYPES:
        call = first_value(raw, ("value", "tool_call", "function_call")) or raw
        content.calls = (*content.calls, *read_calls_text(call, pointer, warnings))
    elif kind == "tool_use":
        content.calls = (*content.calls, read_call(raw, pointer, warnings))
    elif kind == "tool_result":
        body = read_result(raw.get("content"), f"{pointer}/content", media, warnings)
        call_id = raw.get("tool_use_id")
        call_id = call_id if isinstance(call_id, str) else None
        content.results = (*content.results, Message("tool", body, tool_call_id=call_id))
    elif kind in FILE_TYPES:
        raise RowError(
            "media_unsupported", "a file that is no image, video or audio", pointer=pointer
        )
    else:
        raise RowError("unknown_part", f"a part of an unknown type: {kind!r}", pointer=pointer)
    return []


def _parts(placed: str | tuple[Part, ...]) -> list[Part]:
    return [Part("text", placed)] if isinstance(placed, str) else list(placed)


def _text(raw: dict[str, Any], pointer: str) -> str:
    text = first_value(raw, _TEXT_KEYS)
    if isinstance(text, list) and all(isinstance(piece, dict) for piece in text):
        # Mistral writes thinking as a list of parts of text.
        text = "".join(_text(piece, pointer) for piece in text)
    if not isinstance(text, str):
        raise RowError("bad_content", "a part of text holds no text", pointer=pointer)
    return text
