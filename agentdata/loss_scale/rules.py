"""Weights of pieces of text by the published two-form rules: keys with bodies, or patterns.

Source of the syntax: the `loss_scale` files of ms-swift; the idea of weighing the parts of a
ReAct text apart is that of ModelScope-Agent (arXiv 2309.00986).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from agentdata.loss_scale.trace import Rule, Step

Span = tuple[int, Step]
"""A length in characters, and what says how much that many characters weigh."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One table of weights.

    `keys`: {key: (weight of the key, weight of what follows it up to the next key)}.
    `patterns`: {regular expression: weight of its matches}; used only where there are no keys.
    `query`: {text: weight of the whole reply where the user's words hold the text}.
    Everything else weighs 1. `name` is what the table is called.
    """

    keys: dict[str, tuple[float, float]]
    patterns: dict[str, float]
    query: dict[str, float]
    name: str = field(default="", repr=False, compare=False)

    def spans(self, text: str, query: str | None) -> Iterator[Span]:
        """The weights of `text`, as a reply to `query`; lengths add up to `len(text)`."""
        if query is not None:
            for needle, weight in self.query.items():
                if needle in query:
                    yield len(text), Step(Rule.QUERY, weight, needle, self.name)
                    return
        if self.keys:
            yield from self._by_key(text)
        elif self.patterns:
            yield from self._by_pattern(text)
        else:
            yield len(text), self._other()

    def _other(self) -> Step:
        return Step(Rule.NO_MATCH, 1.0, "", self.name)

    def _by_key(self, text: str) -> Iterator[Span]:
        # The first key of the table wins where several begin at one place.
        pattern = _any_of(tuple(self.keys))
        done, body = 0, self._other()
        for match in pattern.finditer(text):
            yield match.start() - done, body
            key = match.group()
            key_weight, weight = self.keys[key]
            yield len(key), Step(Rule.KEY, key_weight, key, self.name)
            body = Step(Rule.AFTER_KEY, weight, key, self.name)
            done = match.end()
        yield len(text) - done, body

    def _by_pattern(self, text: str) -> Iterator[Span]:
        pattern = re.compile("|".join(f"(?:{p})" for p in self.patterns), re.DOTALL)
        done = 0
        for match in pattern.finditer(text):
            if not match.group():
                continue
            yield from self._plain(text[done : match.start()])
            yield from self._plain(match.group())
            done = match.end()
        yield from self._plain(text[done:])

    def _plain(self, text: str) -> Iterator[Span]:
        """One part of a split text: the first pattern that matches at its start weighs all of it,
        as in the reference."""
        for pattern, weight in self.patterns.items():
            if text and re.match(pattern, text, re.DOTALL):
                yield len(text), Step(Rule.PATTERN, weight, pattern, self.name)
                return
        yield len(text), self._other()


@lru_cache
def _any_of(keys: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, keys)))
