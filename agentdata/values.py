"""Plain data that nothing changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[_T]) -> type[_T]:
    """A dataclass with slots, equality and a hash, whose fields are set once.

    It is the type checker that sees to the latter: `frozen` would see to it each time one is made,
    which takes three times as long, and every row is made of dozens.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
