"""Harmony, the text that gpt-oss writes: messages between control tokens, each with a header."""

from __future__ import annotations

import re
from dataclasses import dataclass

START, MESSAGE, CHANNEL, CONSTRAIN = "<|start|>", "<|message|>", "<|channel|>", "<|constrain|>"
_ENDS = ("<|end|>", "<|call|>", "<|return|>")
_END = re.compile("|".join(re.escape(end) for end in (*_ENDS, START)))
_RECIPIENT = re.compile(r"(?:^|\s)to=(\S+)")


@dataclass(frozen=True, slots=True)
class Header:
    """Who speaks to whom: the role, or the name of a tool; the recipient of a call; the channel
    analysis, commentary or final."""

    role: str
    recipient: str | None = None
    channel: str | None = None


def is_harmony(text: str) -> bool:
    """Whether a text holds messages of harmony."""
    return MESSAGE in text and (START in text or CHANNEL in text)


def split_messages(text: str) -> list[tuple[Header, str]]:
    """The messages of a text. One that begins with a channel goes on from the head of the model's
    turn; a head without a message at the end is a prompt, and no message.

    >>> split_messages("<|channel|>final<|message|>4<|return|>")
    [(Header(role='assistant', recipient=None, channel='final'), '4')]
    """
    text = text.lstrip("\n") if text.lstrip().startswith("<|") else text
    if not text.startswith(START):
        text = f"{START}assistant{text}"
    found = []
    position = 0
    while (start := text.find(START, position)) >= 0:
        body = text.find(MESSAGE, start)
        if body < 0:
            break
        header = text[start + len(START) : body]
        body += len(MESSAGE)
        end = _END.search(text, body)
        found.append((read_header(header), text[body : end.start() if end else len(text)]))
        position = end.start() if end else len(text)
    return found


def read_header(header: str) -> Header:
    """A header such as `assistant<|channel|>commentary to=functions.f <|constrain|>json`.

    >>> read_header("assistant to=functions.f<|channel|>commentary json")
    Header(role='assistant', recipient='functions.f', channel='commentary')
    """
    who, _, rest = header.partition(CHANNEL)
    recipient = _RECIPIENT.search(who) or _RECIPIENT.search(rest.partition(CONSTRAIN)[0])
    role = _RECIPIENT.sub("", who.partition(CONSTRAIN)[0]).split()
    channel = rest.split(CONSTRAIN)[0].split()
    return Header(
        role=role[0] if role else "",
        recipient=recipient[1] if recipient else None,
        channel=channel[0] if channel else None,
    )
