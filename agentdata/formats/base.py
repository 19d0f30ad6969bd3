"""What a raw format is: a name, a model of its rows, a way to know them and to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agentdata.conversation import Conversation


class Fit(IntEnum):
    """How a raw row fits a format, judged by its shape alone."""

    NO = 0
    """It cannot be read as this format."""
    READABLE = 1
    """It can be read as this format, perhaps as others too."""
    MARKED = 2
    """It bears marks that only this format has."""


@dataclass(frozen=True, slots=True)
class Companions:
    """Files that hold a part of a file's rows: answers apart from the questions, tools apart from
    both.

    `find` names those of a file that exist; `index` makes one lookup of their rows, by the path of
    each; `join` gives a row with what belongs to it. A companion that is itself among the sources
    adds no rows of its own: its rows count as merged.
    """

    find: Callable[[Path], Sequence[Path]]
    index: Callable[[Mapping[Path, Sequence[dict[str, Any]]]], Any]
    join: Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Format:
    """A raw format.

    `detect` never raises. `read` raises RowError alone and leaves `Conversation.source` empty.
    `general` formats win over others that can read the same rows and whose marks no row bears.

    Where a raw record is not one conversation, one of these says so; `detect` judges the raw
    record, `read` gets what they made of it.
    `explode` gives the rows in a record that holds several, each with its JSON pointer in it; none,
    or the record itself, of any other, also of one that does not fit the format. It never raises.
    `session` is for formats that spread a conversation over lines: records in a row with an equal
    key are one, and `read` gets `{"records": [...]}`; a record whose key is None is a row of its
    own.
    `gather` is for files whose records are to be seen together: it gets them with their numbers,
    in order, and gives rows, each with the numbers of the records that it is made of, the one that
    it is named by last. It gives every number once, and holds a bounded part of the file.
    `companions` joins rows with those of other files.
    `keeps_react` says of which rows a reply that is a whole run of ReAct stays as it is written.

    `write` makes a row of this format, for those that conversations are converted into. It appends
    the code of what whoever reads the row elsewhere may trip over to the list, and raises RowError
    where the format cannot hold the conversation; what `read` of the row misses, the caller sees.
    """

    name: str
    summary: str
    row_model: type[BaseModel]
    detect: Callable[[dict[str, Any]], Fit]
    read: Callable[[dict[str, Any]], Conversation]
    general: bool = False
    explode: Callable[[dict[str, Any]], Iterable[tuple[str, Any]]] | None = None
    session: Callable[[dict[str, Any]], str | None] | None = None
    gather: (
        Callable[[Iterable[tuple[int, dict[str, Any]]]], Iterable[tuple[list[int], dict[str, Any]]]]
        | None
    ) = None
    companions: Companions | None = None
    keeps_react: Callable[[dict[str, Any]], bool] | None = None
    write: Callable[[Conversation, list[str]], dict[str, Any]] | None = None
