"""Weights of pieces of text by the published two-form rules: keys with bodies, or patterns.

Source of the syntax: the `loss_scale` files of ms-swift; the idea of weighing the parts of a
ReAct text apart is that of ModelScope-Agent (arXiv 2309.00986).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

Span = tuple[int, float]
"""A length in characters, and the weight of that many characters."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One table of weights.

    `keys`: {key: (weight of the key, weight of what follows it up to the next key)}.
    `patterns`: {regular expression: weight of its matches}; used only where there are no keys.
    `query`: {text: weight of the whole reply where the user's words hold the text}.
    Everything else weighs 1.
    """

    keys: dict[str, tuple[float, float]]
    patterns: dict[str, float]
    query: dict[str, float]

    def spans(self, text: str, query: str | None) -> Iterator[Span]:
        """The weights of `text`, as a reply to `query`; lengths add up to `len(text)`."""
        if query is not None:
            for needle, weight in self.query.items():
                if needle in query:
                    yield len(text), weight
                    return
        if self.keys:
            yield from self._by_key(text)
        elif self.patterns:
            yield from self._by_pattern(text)
        else:
            yield len(text), 1.0

    def _by_key(self, text: str) -> Iterator[Span]:
        # The first key of the table wins where several begin at one place.
        pattern = _any_of(tuple(self.keys))
        done, weight = 0, 1.0
        for match in pattern.finditer(text):
            yield match.start() - done, weight
            key_weight, weight = self.keys[match.group()]
            yield len(match.group()), key_weight
            done = match.end()
        yield len(text) - done, weight

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
                yield len(text), weight
                return
        yield len(text), 1.0


@lru_cache
def _any_of(keys: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, keys)))
