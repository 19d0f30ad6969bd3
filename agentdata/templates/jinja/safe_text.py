"""Text marked as safe (`|safe`): as Jinja's `Markup`, it escapes plain text put beside it.

Chat templates run without HTML escaping, yet some say `|safe`; what follows from that must come
out as it does elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, SupportsIndex

from agentdata.templates.jinja.text import Text, joined

_ENTITIES = {"&": "&amp;", ">": "&gt;", "<": "&lt;", "'": "&#39;", '"': "&#34;"}


class SafeText(Text):
    """Marked text; see `markupsafe.Markup`."""

    __slots__ = ()

    def __html__(self) -> SafeText:
        return self

    def __str__(self) -> Text:
        return Text(str.__str__(self), self.runs)

    def __add__(self, other: str) -> SafeText:
        return marked(joined((self, escaped(other))))

    def __radd__(self, other: str) -> SafeText:
        return marked(joined((escaped(other), self)))

    def join(self, items: Iterable[str], /) -> SafeText:
        return marked(Text.join(self, [escaped(item) for item in items]))

    def replace(self, old: str, new: str, count: SupportsIndex = -1, /) -> SafeText:
        return marked(Text.replace(self, old, escaped(new), count))


def marked(text: Text) -> SafeText:
    return SafeText(str.__str__(text), text.runs)


def escaped(value: Any) -> SafeText:
    """HTML-escaped, unless it is marked already; each entity has the source of its character."""
    if isinstance(value, SafeText):
        return value
    text = value if isinstance(value, Text) else Text(value)
    if not any(character in str.__str__(text) for character in _ENTITIES):
        return marked(text)
    pieces: list[Text] = []
    for character in text:
        entity = _ENTITIES.get(str.__str__(character))
        if entity is None:
            pieces.append(character)
        else:
            pieces.append(Text(entity, ((len(entity), character.runs[0][1]),)))
    return marked(joined(pieces))
