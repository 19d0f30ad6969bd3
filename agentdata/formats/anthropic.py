"""Anthropic Messages: rows as requests write them, and bare responses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.carried import read_carried
from agentdata.formats.common.claude_blocks import is_block, read_assistant, read_system, read_user
from agentdata.formats.common.rows import JsonList, Row
from agentdata.formats.common.talk import Talk
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check, json_or_none, row_id

_ROLES = ("user", "assistant", "system")


class AnthropicRow(Row):
    """A row of `anthropic`: a request body, or the body of a response (`content`)."""

    system: str | JsonList | None = None  # type: ignore[assignment]
    messages: list[dict[str, Any]] | None = None
    content: JsonList | None = None
    role: str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by content blocks of calls, results, thinking and sources, by tools with an
    `input_schema`, by a system text in blocks, or as the body of a response."""
    if is_response(row):
        return Fit.MARKED
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        return Fit.NO
    contents = []
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            return Fit.NO
        if message.get("tool_calls") or not isinstance(message.get("content"), str | list):
            return Fit.NO
        contents.append(message["content"])
    blocks = any(
        is_block(part) for content in contents if isinstance(content, list) for part in content
    )
    return Fit.MARKED if blocks or _has_own_tools(row) or _has_own_system(row) else Fit.READABLE


def is_response(value: Any) -> bool:
    """Whether a value is the body of a response."""
    return (
        isinstance(value, dict)
        and value.get("type") == "message"
        and value.get("role") == "assistant"
        and isinstance(value.get("content"), list)
        and ("stop_reason" in value or any(is_block(part) for part in value["content"]))
    )


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    check(AnthropicRow, row)
    return read_pair({}, row) if "messages" not in row else read_pair(row, None)


def read_pair(
    request: dict[str, Any], response: dict[str, Any] | None, at: tuple[str, str] = ("", "")
) -> Conversation:
    """The conversation of a request and the response to it; `at` are their pointers.

    Raises RowError.
    """
    talk = Talk()
    read_system(request.get("system"), f"{at[0]}/system", talk)
    for index, message in enumerate(request.get("messages") or []):
        _read_message(message, f"{at[0]}/messages/{index}", talk)
    if response is not None:
        # A request that ends with the model's own words is gone on with.
        talk.spoke = False
        read_assistant(response.get("content"), f"{at[1]}/content", talk)
        talk.check_turn(f"{at[1]}/content")
    tools = read_tools(request.get("tools"), f"{at[0]}/tools")
    return talk.conversation(
        row_id(request) or row_id(response or {}), tools, read_carried(request)
    )


def _read_message(message: Any, pointer: str, talk: Talk) -> None:
    if not isinstance(message, dict):
        raise RowError("bad_content", "a message is no object", pointer=pointer)
    content, at = message.get("content"), f"{pointer}/content"
    match message.get("role"):
        case "assistant":
            talk.close()
            read_assistant(content, at, talk)
        case "user":
            read_user(content, at, talk)
        case "system" | "developer":
            read_system(content, at, talk)
        case role:
            raise RowError(
                "unknown_role",
                f"the role {role!r} is none of: {', '.join(_ROLES)}",
                pointer=f"{pointer}/role",
            )


def from_events(events: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The body of a response from the events of its stream; None where that is not whole."""
    message: dict[str, Any] | None = None
    blocks: dict[int, dict[str, Any]] = {}
    ended = False
    for event in events:
        match event:
            case {"type": "message_start", "message": dict(start)}:
                message = dict(start)
            case {"type": "content_block_start", "index": int(index), "content_block": dict(block)}:
                blocks[index] = dict(block)
            case {"type": "content_block_delta", "index": int(index), "delta": dict(delta)}:
                if index in blocks:
                    _add(blocks[index], delta)
            case {"type": "message_stop"}:
                ended = True
    if message is None or not ended:
        return None
    for block in blocks.values():
        text = block.pop("partial_json", "")
        if text:
            value = json_or_none(text)
            block["input"] = value if isinstance(value, dict) else text
    return message | {"content": [blocks[index] for index in sorted(blocks)]}


def _add(block: dict[str, Any], delta: dict[str, Any]) -> None:
    for key in ("text", "thinking", "signature", "partial_json", "content"):
        before = block.get(key) or ""
        if isinstance(delta.get(key), str) and isinstance(before, str):
            block[key] = before + delta[key]


def _has_own_tools(row: dict[str, Any]) -> bool:
    tools = row.get("tools")
    return isinstance(tools, list) and any(
        isinstance(tool, dict) and isinstance(tool.get("input_schema"), dict) for tool in tools
    )


def _has_own_system(row: dict[str, Any]) -> bool:
    system = row.get("system")
    return (
        isinstance(system, list)
        and bool(system)
        and all(isinstance(block, dict) and block.get("type") == "text" for block in system)
    )


FORMAT = Format(
    name="anthropic",
    summary="Anthropic Messages: content blocks text, thinking, tool_use, tool_result",
    row_model=AnthropicRow,
    detect=detect,
    read=read,
)
