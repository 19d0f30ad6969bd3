"""What a check is: codes with a line of help each, and a function from conversation to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from agentdata.conversation import Conversation

CheckLevel = Literal["strict", "normal", "off"]
"""What a finding does: it rejects the row, it is counted as a warning, or nobody looks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of meaning. `pointer` is the JSON pointer (RFC 6901) of its place in the
    conversation, whose shape is `schemas/conversation.json`; "" is the whole of it."""

    code: str
    message: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class CheckGroup:
    """Checks that look at the same things. `help` is {code: what it means, in one line}; `run`
    yields findings with these codes alone, and never raises."""

    help: Mapping[str, str]
    run: Callable[[Conversation], Iterator[Finding]]
