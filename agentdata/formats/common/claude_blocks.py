"""Content blocks of Anthropic's Messages API, as requests, responses and session logs hold them."""

from __future__ import annotations

from typing import Any

from agentdata.conversation import Part, ToolCall
from agentdata.errors import RowError
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.talk import HIDDEN_HISTORY, HIDDEN_REASONING, Talk, data_uri
from agentdata.json_text import dumps

CALL_TYPES = ("tool_use", "server_tool_use", "mcp_tool_use")
RESULT_SUFFIX = "tool_result"
MARKS = frozenset(
    {*CALL_TYPES, "tool_result", "thinking", "redacted_thinking", "document", "search_result"}
)
"""Types of blocks that no other format here has in this shape."""
_PASSED_OVER = {
    "redacted_thinking": HIDDEN_REASONING,
    "compaction": HIDDEN_HISTORY,
    "container_upload": "upload_passed_over",
    "fallback": "fallback_passed_over",
    "tool_addition": "tool_addition_passed_over",
    "tool_removal": "tool_removal_passed_over",
}


def is_block(value: Any) -> bool:
    """Whether a part of a content is a block that only this API has."""
    if not isinstance(value, dict) or not isinstance(kind := value.get("type"), str):
        return False
    if kind in ("image", "document"):
        return isinstance(value.get("source"), dict)
    if kind == "thinking":
        return isinstance(value.get("thinking"), str)
    return kind in MARKS or kind.endswith("_" + RESULT_SUFFIX)


def read_system(value: Any, pointer: str, talk: Talk) -> None:
    """A system text: text, or blocks of text. Raises RowError `bad_content`."""
    parts = _read_others(value, pointer, talk)
    if any(part.type != "text" for part in parts):
        raise RowError("bad_content", "a system text holds media", pointer=pointer)
    talk.system("".join(part.text for part in parts))


def read_user(value: Any, pointer: str, talk: Talk) -> None:
    """A user's message: results of tools first, then the user's own words.

    Raises RowError `bad_content`, `unknown_part`, `media_unsupported`, `bad_media`.
    """
    results = [
        (index, block)
        for index, block in enumerate(value if isinstance(value, list) else [])
        if isinstance(block, dict) and _is_result(block)
    ]
    for index, block in results:
        _read_result(block, f"{pointer}/{index}", talk)
    parts = _read_others(value, pointer, talk)
    if parts or not results:
        talk.user(parts)


def read_assistant(value: Any, pointer: str, talk: Talk) -> None:
    """A message of the model, with the results of tools that the provider runs.

    Raises RowError `bad_content`, `unknown_part`, `bad_tool_call`, `media_unsupported`.
    """
    if isinstance(value, str):
        talk.say(talk.text(value))
        return
    for index, block in enumerate(_blocks(value, pointer)):
        at = f"{pointer}/{index}"
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "thinking":
            if not block.get("thinking"):
                talk.warnings.append(HIDDEN_REASONING)
            talk.reasoning(_text(block, "thinking", at))
        elif kind in CALL_TYPES:
            name = block.get("name")
            if not isinstance(name, str) or not name:
                raise RowError("bad_tool_call", "a call has no name", pointer=at)
            call_id = block.get("id")
            arguments = read_arguments(block.get("input"), talk.warnings)
            talk.call(ToolCall(name, arguments, call_id if isinstance(call_id, str) else None))
        elif isinstance(block, dict) and _is_result(block):
            _read_result(block, at, talk)
        else:
            for part in _read_block(block, at, talk):
                talk.say(part)


def _is_result(block: dict[str, Any]) -> bool:
    kind = block.get("type")
    return isinstance(kind, str) and kind.endswith(RESULT_SUFFIX)


def _read_result(block: dict[str, Any], pointer: str, talk: Talk) -> None:
    content = block.get("content")
    kind = content.get("type") if isinstance(content, dict) else None
    failed = isinstance(kind, str) and kind.endswith("_error")
    talk.result(
        content,
        f"{pointer}/content",
        call_id=block.get("tool_use_id"),
        error=block.get("is_error") is True or failed,
    )


def _read_others(value: Any, pointer: str, talk: Talk) -> list[Part]:
    if isinstance(value, str):
        return [talk.text(value)]
    return [
        part
        for index, block in enumerate(_blocks(value, pointer))
        if not (isinstance(block, dict) and _is_result(block))
        for part in _read_block(block, f"{pointer}/{index}", talk)
    ]


def _blocks(value: Any, pointer: str) -> list[Any]:
    if isinstance(value, list):
        return value
    if value is None:
        return []
    raise RowError("bad_content", "the content is neither text nor blocks", pointer=pointer)


def _read_block(block: Any, pointer: str, talk: Talk) -> list[Part]:
    if isinstance(block, str):
        return [talk.text(block)]
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str):
        raise RowError("bad_content", "a block is neither text nor typed", pointer=pointer)
    if kind == "text":
        return [talk.text(_text(block, "text", pointer))]
    if kind in _PASSED_OVER:
        talk.warnings.append(_PASSED_OVER[kind])
        return []
    if kind in ("image", "document"):
        return _read_file(block, pointer, talk)
    if kind == "search_result":
        return [talk.text(dumps({k: v for k, v in block.items() if k != "cache_control"}))]
    raise RowError("unknown_part", f"a block of an unknown type: {kind!r}", pointer=pointer)


def _read_file(block: dict[str, Any], pointer: str, talk: Talk) -> list[Part]:
    source = block.get("source")
    if not isinstance(source, dict):
        raise RowError("bad_media", f"a {block['type']} has no source", pointer=pointer)
    kind, data = source.get("type"), source.get("data")
    if kind == "text" and isinstance(data, str):
        return [talk.text(data)]
    if kind == "content":
        return _read_others(source.get("content"), f"{pointer}/source/content", talk)
    mime = source.get("media_type") or ("image/*" if block["type"] == "image" else None)
    if isinstance(data, str):
        return [talk.file(mime, data_uri(mime, data), pointer)]
    ref = source.get("url") or source.get("file_id")
    if not isinstance(ref, str):
        raise RowError("bad_media", f"a {block['type']} has no data or URL", pointer=pointer)
    return [talk.file(mime, ref, pointer)]


def _text(block: dict[str, Any], key: str, pointer: str) -> str:
    text = block.get(key)
    if not isinstance(text, str):
        raise RowError("bad_content", f"a block has no `{key}`", pointer=f"{pointer}/{key}")
    return text
