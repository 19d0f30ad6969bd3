"""The tools that a conversation cannot do without, and those that it speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agentdata.conversation import Conversation, ToolSpec

_WORD = re.compile(r"[\w.-]+")
_QUOTED = re.compile(r"""[`'"“「]([\w.-]+)[`'"”」]|([\w.-]+)\(""")
_EDGES = ".-"


def called(conversation: Conversation) -> frozenset[str]:
    """The names of the tools that the conversation calls, on offer or not."""
    return frozenset(call.name for m in conversation.messages for call in m.tool_calls)


def spoken(conversation: Conversation, tools: Iterable[ToolSpec]) -> frozenset[str]:
    """The names of those tools that the model speaks of in its own words."""
    texts = (
        text
        for message in conversation.messages
        if message.role == "assistant"
        for text in (message.reasoning or "", message.text)
    )
    return _named(texts, tools)


def mentioned(conversation: Conversation, tools: Iterable[ToolSpec]) -> frozenset[str]:
    """The names of those tools that anyone but the model speaks of."""
    return _named((m.text for m in conversation.messages if m.role != "assistant"), tools)


def _named(texts: Iterable[str], tools: Iterable[ToolSpec]) -> frozenset[str]:
    """The names that stand in the texts. One that could be a plain word (`search`) must stand in
    quotes or before a bracket; others are names wherever they stand as a whole."""
    known = {tool.name for tool in tools}
    if not known:
        return frozenset()
    telling = {name for name in known if _is_telling(name)}
    return frozenset(
        word
        for text in texts
        for words, names in ((_words(text), telling), (_quoted(text), known))
        for word in words
        if word in names
    )


def _words(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        yield match[0].strip(_EDGES)


def _quoted(text: str) -> Iterator[str]:
    for match in _QUOTED.finditer(text):
        yield match[1] or match[2]


def _is_telling(name: str) -> bool:
    """Whether a name is not also a word of plain text: `get_time`, `getTime`, `time2`.

    >>> [_is_telling(name) for name in ("get_time", "getTime", "time2", "Search", "search")]
    [True, True, True, False, False]
    """
    return not name.isalpha() or any(letter.isupper() for letter in name[1:])
