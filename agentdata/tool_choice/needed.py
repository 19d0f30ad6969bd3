"""The tools that a conversation cannot do without, and those that it speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agentdata.conversation import Conversation, ToolSpec

_RUNS = (re.compile(r"[\w.-]+"), re.compile(r"[\w.-]+", re.ASCII))
_QUOTES = "`'\"“”「」"
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
    telling = {name for name in known if _is_telling(name)}
    # `server/tool` is no run of letters: it is looked for as it is.
    others = {name for name in known if name and not _RUNS[0].fullmatch(name)}
    found: set[str] = set()
    for text in texts:
        found.update(name for name in others if name in text)
        for word, quoted in _words(text):
            if word in known and (quoted or word in telling):
                found.add(word)
    return frozenset(found)


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """The words of a text, each with whether it stands in quotes or before a bracket; those of
    ASCII also where letters of other scripts touch them."""
    for run in _RUNS:
        for match in run.finditer(text):
            before, after = (
                text[match.start() - 1 : match.start()],
                text[match.end() : match.end() + 1],
            )
            quoted = after == "(" or (before in _QUOTES and after in _QUOTES and before and after)
            yield match[0].strip(_EDGES), bool(quoted)


def _is_telling(name: str) -> bool:
    """Whether a name is not also a word of plain text: `get_time`, `getTime`, `time2`.

    >>> [_is_telling(name) for name in ("get_time", "getTime", "time2", "Search", "search")]
    [True, True, True, False, False]
    """
    return not name.isalpha() or any(letter.isupper() for letter in name[1:])
