"""Weights of pieces of text by the published two-form rules: keys with bodies, or patterns.

Source of the syntax: the `loss_scale` files of ms-swift; the idea of weighing the parts of a
ReAct text apart is that of ModelScope-Agent (arXiv 2309.00986).
"""

from __future__ import annotations

import re
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

    def spans(self, text: str, query: str | None) -> list[Span]:
        """The weights of `text`, as a reply to `query`; lengths add up to `len(text)`."""
        if query is not None:
            for needle, weight in self.query.items():
                if needle in query:
                    return [(len(text), Step(Rule.QUERY, weight, needle, self.name))]
        for key in self.keys:
            if key in text:
                return self._by_key(text)
        if self.patterns and not self.keys:
            return self._by_pattern(text)
        return [(len(text), _other(self.name))]

    def _by_key(self, text: str) -> list[Span]:
        """The weights of a text that holds a key."""
        keys = tuple([key for key in self.keys if key in text])
        spans: list[Span] = []
        done, body = 0, _other(self.name)
        # The first key of the table wins where several begin at one place.
        for match in _any_of(keys).finditer(text):
            spans.append((match.start() - done, body))
            key = match.group()
            key_weight, weight = self.keys[key]
            spans.append((len(key), Step(Rule.KEY, key_weight, key, self.name)))
            body = Step(Rule.AFTER_KEY, weight, key, self.name)
            done = match.end()
        spans.append((len(text) - done, body))
        return spans

    def _by_pattern(self, text: str) -> list[Span]:
        pattern = re.compile("|".join(f"(?:{p})" for p in self.patterns), re.DOTALL)
        spans: list[Span] = []
        done = 0
        for match in pattern.finditer(text):
            if not match.group():
                continue
            spans.append(self._plain(text[done : match.start()]))
            spans.append(self._plain(match.group()))
            done = match.end()
        spans.append(self._plain(text[done:]))
        return spans

    def _plain(self, text: str) -> Span:
        """One part of a split text: the first pattern that matches at its start weighs all of it,
        as in the reference."""
        for pattern, weight in self.patterns.items():
            if text and re.match(pattern, text, re.DOTALL):
                return len(text), Step(Rule.PATTERN, weight, pattern, self.name)
        return len(text), _other(self.name)


@lru_cache
def _other(table: str) -> Step:
    return Step(Rule.NO_MATCH, 1.0, "", table)


@lru_cache
def _any_of(keys: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, keys)))
