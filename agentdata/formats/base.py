"""What a raw format is: a name, a model of its rows, a way to know them and to read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
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
class Format:
    """A raw format.

    `detect` never raises. `read` raises RowError alone and leaves `Conversation.source` empty.
    `general` formats win over others that can read the same rows and whose marks no row bears.
    """

    name: str
    summary: str
    row_model: type[BaseModel]
    detect: Callable[[dict[str, Any]], Fit]
    read: Callable[[dict[str, Any]], Conversation]
    general: bool = False
