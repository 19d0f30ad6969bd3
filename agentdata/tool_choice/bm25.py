"""Tools by how well they match what the user asks for (BM25)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from agentdata.conversation import ToolSpec
from agentdata.tool_choice.walk import PLACES

_WORD = re.compile(r"[^\W_]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_FIRST_CJK = "\u2e80"
_DESCRIBED = ("title", "description")


def scores(query: str, tools: Sequence[ToolSpec]) -> list[float]:
    """float of each tool: how well its name, description and parameters match the query, by BM25
    as Lucene has it (k1 1.5, b 0.75) over these tools alone; 0 where no word is shared.

    Rounded, so that the last bits of a sum decide nothing. Source: Robertson and Zaragoza, The
    Probabilistic Relevance Framework (2009); the variant is that of the package bm25s.
    """
    # Only now: a run without --distractors bm25 does not wait for it.
    import bm25s

    corpus = [words(text_of(tool)) for tool in tools]
    known = {word for text in corpus for word in text}
    wanted = [word for word in dict.fromkeys(words(query)) if word in known]
    if not wanted:
        return [0.0] * len(tools)
    index = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    index.index(corpus, show_progress=False)
    return [round(float(score), 5) for score in index.get_scores(wanted)]


def words(text: str) -> list[str]:
    """The words of a text, those inside of names too; of scripts that write no spaces, pairs of
    letters.

    >>> words("getWeather_by-city 查询天气")
    ['get', 'weather', 'by', 'city', '查询', '询天', '天气']
    """
    found: list[str] = []
    for word in _WORD.findall(text):
        if word.isascii():
            found += [part.lower() for part in _PART.findall(word)]
        elif len(word) > 1 and word[0] >= _FIRST_CJK:
            found += [word[at : at + 2] for at in range(len(word) - 1)]
        else:
            found.append(word.lower())
    return found


def text_of(tool: ToolSpec) -> str:
    """What a tool says of itself: its name, its description, and those of its parameters."""
    return " ".join([tool.name, tool.description, *_told(tool.parameters)])


def _told(schema: Any) -> Iterator[str]:
    """The names and descriptions of parameters, in a schema or a flat mapping of parameters."""
    if isinstance(schema, list):
        for item in schema:
            yield from _told(item)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if isinstance(value, dict) and key not in PLACES:
                yield str(key)
            if key in _DESCRIBED and isinstance(value, str):
                yield value
            yield from _told(value)
