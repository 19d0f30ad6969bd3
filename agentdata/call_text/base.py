"""What is read out of a text with calls, and what every parser of calls has in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from agentdata.conversation import ToolCall

Place = tuple[int, int]
"""Start and end in characters."""

IsText = Callable[[int, str, str], bool]
"""Whether a parameter holds text, whatever its letters: (number of the call, its name, key)."""


class Fault(NamedTuple):
    """Something malformed in a text: a stable code, what it is, and its place in characters."""

    code: str
    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """A call and the places of its name and of all its arguments."""

    call: ToolCall
    name: Place
    arguments: Place


def nothing_declared(number: int, name: str, key: str) -> bool:
    """No parameter is known to hold text."""
    return False


@dataclass(slots=True)
class Reader:
    """A text on its way to calls: parsers put what they find and what is wrong here."""

    text: str
    is_text: IsText = nothing_declared
    calls: list[Found] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, code: str, message: str, start: int, end: int) -> None:
        self.faults.append(Fault(code, message, start, end))

    def add(
        self, name: str, arguments: Any, name_at: Place, arguments_at: Place, id: str | None = None
    ) -> None:
        """A call whose arguments are an object; anything else is kept as text, with a fault."""
        if not isinstance(arguments, dict):
            start, end = arguments_at
            self.fault("arguments_not_object", "the arguments are no object", start, end)
            if not isinstance(arguments, str):
                arguments = self.text[start:end]
        self.calls.append(Found(ToolCall(name, arguments, id), name_at, arguments_at))


class CallParser(Protocol):
    """One style of writing calls."""

    def find(self, text: str, start: int) -> int:
        """Where the next call begins, -1 if none does."""

    def read(self, reader: Reader, start: int) -> int:
        """Read the call (or calls) at `start`; the end of what belongs to it, past `start`."""


def skip_space(text: str, at: int) -> int:
    """The place of the next character that is no white space."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at
