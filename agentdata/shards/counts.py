"""Counts that add up."""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel


def add_fields(mine: BaseModel, theirs: BaseModel) -> None:
    """Add every field of `theirs` to that of `mine`, a model of the same kind: numbers and
    Counters."""
    for name in type(mine).model_fields:
        own, other = getattr(mine, name), getattr(theirs, name)
        if isinstance(own, Counter):
            own.update(other)
        else:
            setattr(mine, name, own + other)
