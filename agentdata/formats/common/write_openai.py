"""A conversation as a row of OpenAI chat messages."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from agentdata.conversation import Conversation, Media, Message, Part
from agentdata.formats.common.carried import carried
from agentdata.formats.common.think import join_think
from agentdata.formats.common.writing import call_row, loss_row, media_columns, tool_row
from agentdata.json_text import dumps


def write_openai(conversation: Conversation, meta: Collection[str]) -> dict[str, Any]:
    """The row of a conversation; `meta` are columns for its meta.

    Media stand in typed parts. Those that would change their order stand in columns, with a mark
    in the text for each.
    """
    in_columns = _in_columns(conversation)
    row: dict[str, Any] = {"id": conversation.id} if conversation.id else {}
    if conversation.tools:
        row["tools"] = [tool_row(tool) for tool in conversation.tools]
    row["messages"] = [
        _message(message, conversation.media, in_columns) for message in conversation.messages
    ]
    return row | media_columns(conversation.media[:in_columns]) | carried(conversation, meta)


def _in_columns(conversation: Conversation) -> int:
    """How many of the media cannot be parts: readers take columns in first, then parts in their
    order, so parts are the longest tail of the media in which each has one place, in order."""
    places: dict[int, int] = {}
    several: set[int] = set()
    for message in conversation.messages:
        for part in message.content if isinstance(message.content, tuple) else ():
            if part.media is not None:
                if part.media in places:
                    several.add(part.media)
                places[part.media] = len(places)
    number = len(conversation.media)
    following = len(places)
    while number and number - 1 in places and number - 1 not in several:
        if places[number - 1] >= following:
            break
        number -= 1
        following = places[number]
    return number


def _message(message: Message, media: tuple[Media, ...], in_columns: int) -> dict[str, Any]:
    content = _content(message.content, media, in_columns)
    row: dict[str, Any] = {"role": message.role, "content": content}
    if message.reasoning:
        row["reasoning_content"] = message.reasoning
    elif message.reasoning is not None and isinstance(content, str):
        # The key says nothing when it is empty; the block is there all the same.
        row["content"] = join_think("", content)
    if message.tool_calls:
        row["tool_calls"] = [
            ({} if call.id is None else {"id": call.id})
            | {
                "type": "function",
                "function": call_row(call) | {"arguments": _arguments(call.arguments)},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        row["tool_call_id"] = message.tool_call_id
    if message.name is not None:
        row["name"] = message.name
    return row | loss_row(message)


def _arguments(arguments: dict[str, Any] | str) -> str:
    return arguments if isinstance(arguments, str) else dumps(arguments)


def _content(
    content: str | tuple[Part, ...], media: tuple[Media, ...], in_columns: int
) -> str | list[dict[str, Any]]:
    if isinstance(content, str):
        return content
    parts = [_part(part, media, in_columns) for part in content]
    # Text alone is one text; only media keep parts apart.
    return parts if any(part.type != "text" for part in content) else _joined(content)


def _joined(content: tuple[Part, ...]) -> str:
    return "".join(part.text for part in content)


def _part(part: Part, media: tuple[Media, ...], in_columns: int) -> dict[str, Any]:
    if part.media is None:
        return {"type": "text", "text": part.text}
    if part.media < in_columns:
        return {"type": "text", "text": f"<{part.type}>"}
    kind = f"{part.type}_url"
    return {"type": kind, kind: {"url": media[part.media].ref}}
