"""Images, videos and audios of a row against the places for them in its texts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentdata.checks.base import CheckGroup, Finding
from agentdata.conversation import Conversation, Message

_MARK = re.compile(r"<(image|video|audio)>")


def _run(conversation: Conversation) -> Iterator[Finding]:
    placed: set[int] = set()
    for index, message in enumerate(conversation.messages):
        for part in message.content if isinstance(message.content, tuple) else ():
            if part.media is None:
                continue
            if not 0 <= part.media < len(conversation.media):
                yield Finding(
                    "missing_media",
                    f"the row has no item {part.media}, only {len(conversation.media)}",
                    f"/messages/{index}/content",
                )
            placed.add(part.media)
        # Others may write the letters of a mark and mean the letters.
        if message.role == "user":
            for mark in _marks(message):
                yield Finding(
                    "missing_media", f"nothing is left for {mark}", f"/messages/{index}/content"
                )
    for number, item in enumerate(conversation.media):
        if number not in placed:
            yield Finding(
                "unplaced_media", f"no text has a place for this {item.type}", f"/media/{number}"
            )


def _marks(message: Message) -> list[str]:
    """The marks in the message's texts that no item of the row stands for."""
    if isinstance(message.content, str):
        texts = [message.content]
    else:
        texts = [part.text for part in message.content if part.type == "text"]
    return [mark[0] for text in texts if "<" in text for mark in _MARK.finditer(text)]


GROUP = CheckGroup(
    help={
        "missing_media": "a user's text has a place (<image>, ...) for media that the row lacks",
        "unplaced_media": "the row has media that no text has a place for",
    },
    run=_run,
)
