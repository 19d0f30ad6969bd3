"""The places of media in the messages of a row."""

from __future__ import annotations

from dataclasses import replace

from agentdata.conversation import Conversation, Part
from agentdata.errors import RowError

MEDIA_PLACED_FIRST = "media_placed_first"
"""Warning: no text of a row has a place for its media, so they stand before the user's first."""


def all_placed(conversation: Conversation) -> Conversation:
    """The conversation with a place for each item of media.

    Where there is no place at all, the media come first in what the user says first, as ms-swift
    and TRL do it. Raises RowError `media_mismatch` where there are places for some alone.
    """
    numbers = set(placed(conversation))
    missing = [n for n in range(len(conversation.media)) if n not in numbers]
    if not missing:
        return conversation
    first = next((n for n, m in enumerate(conversation.messages) if m.role == "user"), None)
    if numbers or first is None:
        raise RowError(
            "media_mismatch",
            f"{len(missing)} of {len(conversation.media)} media have no place in the texts",
            pointer=f"/media/{missing[0]}",
            remedy="write as many <image>, <video> and <audio> as there are of each",
        )
    messages = list(conversation.messages)
    content = messages[first].content
    said = (Part("text", content),) if isinstance(content, str) else content
    new = tuple(Part(conversation.media[number].type, media=number) for number in missing)
    messages[first] = replace(messages[first], content=new + said)
    # A check may have counted them already, as having no place.
    warnings = tuple(code for code in conversation.warnings if code != "unplaced_media")
    return replace(conversation, messages=tuple(messages), warnings=(*warnings, MEDIA_PLACED_FIRST))


def check_marks(conversation: Conversation) -> None:
    """Raises RowError `media_mismatch` where what users say has more places than the row media."""
    for index, message in enumerate(conversation.messages):
        parts = (message.content,) if isinstance(message.content, str) else ()
        texts = parts or tuple(part.text for part in message.content if isinstance(part, Part))
        for item in conversation.media if message.role == "user" else ():
            if any(f"<{item.type}>" in text for text in texts):
                raise RowError(
                    "media_mismatch",
                    f"message {index} has a place <{item.type}> that no {item.type} is left for",
                    pointer=f"/messages/{index}/content",
                    remedy="write as many <image>, <video> and <audio> as there are of each",
                )


def placed(conversation: Conversation) -> list[int]:
    """The items that have a place, in order, as often as they have one."""
    return [
        part.media
        for message in conversation.messages
        if isinstance(message.content, tuple)
        for part in message.content
        if part.media is not None
    ]
