"""A figure measured several times: its median, and how far the runs lie apart."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import TypedDict


class Spread(TypedDict):
    """The median of `runs` figures, the lowest and the highest of them."""

    median: float
    low: float
    high: float
    runs: int


def spread(values: Iterable[float]) -> Spread:
    """The spread of one figure or more."""
    figures = sorted(values)
    return Spread(median=median(figures), low=figures[0], high=figures[-1], runs=len(figures))
