"""Harmony, the text that gpt-oss writes: messages between control tokens, each with a header.

Source: the published format of openai/harmony.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agentdata.call_text.base import Place

START, MESSAGE, CHANNEL, CONSTRAIN = "<|start|>", "<|message|>", "<|channel|>", "<|constrain|>"
NAMESPACE = "functions."
"""What stands before the name of a declared tool; the model's own, such as `python`, have none."""

_END = re.compile(r"<\|(?:end|call|return)\|>|(?=<\|start\|>)|(?=<\|channel\|>)")
_RECIPIENT = re.compile(
    rf"(?:\A|(?<=[\s>]))to=(?P<recipient>(?:{re.escape(NAMESPACE)})?(?P<name>[^\s<]+))"
)
_MODEL = re.compile(r"\s*(?:assistant)?\s*(?:to=[^\s<]+)?\s*")
_NO_TOOLS = frozenset({"user", "assistant", "all"})


@dataclass(frozen=True, slots=True)
class Header:
    """Who speaks to whom: the role, or the name of a tool; the recipient of a call; the channel
    analysis, commentary or final."""

    role: str
    recipient: str | None = None
    channel: str | None = None

    @property
    def is_call(self) -> bool:
        """Whether the recipient is a tool."""
        return self.recipient is not None and self.recipient not in _NO_TOOLS


@dataclass(frozen=True, slots=True)
class HarmonyMessage:
    """A message from `start` to `end`, marks included; the place of what it says, and of the name
    of the tool that it calls (empty where it calls none)."""

    header: Header
    start: int
    name: Place
    body: Place
    end: int


def is_harmony(text: str) -> bool:
    """Whether a text holds messages of harmony."""
    return MESSAGE in text and (START in text or CHANNEL in text)


def messages_of(text: str) -> Iterator[HarmonyMessage]:
    """The messages of a text, in order. One that begins with a channel goes on from the head of the
    model's turn; a head without a message at the end is a prompt, and no message.

    >>> [(one.header, one.body) for one in messages_of("<|channel|>final<|message|>4<|return|>")]
    [(Header(role='assistant', recipient=None, channel='final'), (27, 28))]
    """
    at = done = 0
    while (mark := text.find(MESSAGE, at)) >= 0:
        at = mark + len(MESSAGE)
        start = _head(text, done, mark)
        if start is None:
            continue
        recipient = _RECIPIENT.search(text, start, mark)
        closing = _END.search(text, at)
        stop, end = closing.span() if closing else (len(text), len(text))
        name = recipient.span("name") if recipient else (mark, mark)
        yield HarmonyMessage(read_header(text[start:mark]), start, name, (at, stop), end)
        at = done = end


def _head(text: str, begin: int, end: int) -> int | None:
    """Where the head begins that ends at `end`; None where none does."""
    start = text.rfind(START, begin, end)
    if start >= 0:
        return start
    channel = text.find(CHANNEL, begin, end)
    if channel < 0:
        return None
    return begin if _MODEL.fullmatch(text, begin, channel) else channel


def read_header(header: str) -> Header:
    """A header such as `assistant<|channel|>commentary to=functions.f <|constrain|>json`; without a
    role it is the model's.

    >>> read_header("assistant to=functions.f<|channel|>commentary json")
    Header(role='assistant', recipient='functions.f', channel='commentary')
    """
    header = header.partition(CONSTRAIN)[0].removeprefix(START)
    recipient = _RECIPIENT.search(header)
    who, _, channel = _RECIPIENT.sub("", header).partition(CHANNEL)
    return Header(
        role=next(iter(who.split()), "assistant"),
        recipient=recipient["recipient"] if recipient else None,
        channel=next(iter(channel.split()), None),
    )
