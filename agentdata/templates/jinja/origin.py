"""Where a character of a rendered text comes from."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Field(StrEnum):
    """What kind of source a piece of text has."""

    LITERAL = "literal"
    """The template wrote it."""
    SPECIAL = "special"
    """A special token of the tokenizer, by its name (`bos_token`)."""
    ROLE = "role"
    """The role of a message: one of our own words, so as good as the template's."""
    COMPUTED = "computed"
    """A number, a truth value, a date: text of a value that is no text."""
    UNKNOWN = "unknown"
    """Text whose source was lost on the way."""
    MESSAGE = "message"
    """A message as a whole; its parts have sources of their own."""
    CONTENT = "content"
    REASONING = "reasoning"
    CALL = "call"
    ID = "id"
    NAME = "name"
    TOOLS = "tools"
    OPTION = "option"
    """`chat_template_kwargs` and `documents` of the row."""

    # That of an Enum is far slower, and not that of the equal string.
    __hash__ = str.__hash__


class Origin(NamedTuple):
    """A source: its field, the index of its message, and of the call within the message."""

    field: Field
    message: int | None = None
    call: int | None = None


# Plain tuples: texts are made of very many, and named ones take eight times as long to make.
Mark = tuple[Origin, int | None, int | None, bool]
"""What is known of a stretch of text: its source; the message whose turn of the template's loop
wrote it out; that in whose turn it was put together; whether it stands within `{% generation %}`.
"""

Run = tuple[int, Mark]
"""A stretch of text of one source: how many characters, and what is known of them."""


def of(origin: Origin) -> Mark:
    """The mark of text that has not been written out."""
    return (origin, None, None, False)


LITERAL = Origin(Field.LITERAL)
SPECIAL = Origin(Field.SPECIAL)
COMPUTED = Origin(Field.COMPUTED)
UNKNOWN = Origin(Field.UNKNOWN)

TEMPLATE_FIELDS = frozenset({Field.LITERAL, Field.SPECIAL, Field.ROLE})
"""Text in which a special token is one."""
MESSAGE_FIELDS = frozenset({Field.CONTENT, Field.REASONING, Field.CALL, Field.ID, Field.NAME})
GIVEN_FIELDS = frozenset({Field.TOOLS, Field.OPTION})
