"""Quick tests for many words at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def one_of(words: Iterable[str]) -> Callable[[str], bool]:
    """A test whether a text holds one of the words, made for texts of which most do not.

    >>> one_of(("<result>", "[RESULT]"))("a <b> c")
    False
    """
    words = tuple(dict.fromkeys(words))
    words = tuple(w for w in words if not any(other in w for other in words if other != w))
    # Most words are tags, and most texts have few or none: tags are looked for where one begins.
    tails = tuple(word[1:] for word in words if word.startswith("<"))
    width = min(map(len, tails), default=0)
    heads = frozenset(tail[:width] for tail in tails)
    others = tuple(word for word in words if not word.startswith("<"))

    def holds(text: str) -> bool:
        if "<" in text:
            for behind in text.split("<")[1:]:
                if behind[:width] in heads and behind.startswith(tails):
                    return True
        return any(map(text.__contains__, others))

    return holds
