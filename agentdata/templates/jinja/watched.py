"""The first messages of a conversation, as a list that knows what a template has seen of them.

What a template does follows from what it sees. So a render of more messages, or of fewer, has the
same beginning for as long as it would have been shown the same.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any


class UnwatchedError(Exception):
    """A template asks for something of the messages that is not followed."""


class Watch:
    """How many messages there are, and how many there might be: with any number from `low` to
    `high` a template would have been shown the same."""

    __slots__ = ("count", "high", "low")

    def __init__(self, count: int) -> None:
        self.count = count
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.low, self.high = 0, 1 << 60

    def is_there(self, place: int) -> bool:
        """Whether there is a message at a place, which is seen now."""
        if place < self.count:
            if place >= self.low:
                self.low = place + 1
            return True
        self.high = min(self.high, place)
        return False

    def see_number(self) -> None:
        """How many there are is seen, in one way or another."""
        self.low = self.high = self.count


class Messages:
    """The messages from `_start` on, `_all` being those of the whole conversation.

    Does what templates do with lists; raises UnwatchedError, TypeError or the like at all else.
    """

    __slots__ = ("_all", "_start", "_watch")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, messages: list[Any], start: int, watch: Watch) -> None:
        self._all = messages
        self._start = start
        self._watch = watch

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            if key.stop is None and key.step is None and _is_place(key.start):
                return Messages(self._all, self._start + (key.start or 0), self._watch)
            return self._seen()[key]
        index = operator.index(key)
        if index < 0:
            return self._seen()[index]
        if not self._watch.is_there(self._start + index):
            raise IndexError("list index out of range")
        return self._all[self._start + index]

    def __iter__(self) -> Iterator[Any]:
        place = self._start
        while self._watch.is_there(place):
            yield self._all[place]
            place += 1

    def __bool__(self) -> bool:
        return self._watch.is_there(self._start)

    def __len__(self) -> int:
        return len(self._seen())

    def __reversed__(self) -> Iterator[Any]:
        return iter(self._seen()[::-1])

    def __contains__(self, item: Any) -> bool:
        return item in self._seen()

    def __eq__(self, other: object) -> bool:
        return self._seen() == (other._seen() if isinstance(other, Messages) else other)

    def __add__(self, other: Any) -> Any:
        return self._seen() + (other._seen() if isinstance(other, Messages) else other)

    def __radd__(self, other: Any) -> Any:
        return other + self._seen()

    def __repr__(self) -> str:
        return repr(self._seen())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # no protocol but those above
            raise AttributeError(name)
        raise UnwatchedError(name)

    def _seen(self) -> list[Any]:
        self._watch.see_number()
        return self._all[self._start : self._watch.count]


def _is_place(start: Any) -> bool:
    return start is None or (isinstance(start, int) and start >= 0)
