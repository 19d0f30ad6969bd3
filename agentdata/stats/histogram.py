"""Percentiles and sums over histograms {value: rows}."""

from __future__ import annotations

from collections.abc import Mapping


def percentile(histogram: Mapping[int, int], percent: int) -> int:
    """The nearest-rank percentile: the smallest value such that at least `percent` of 100 rows
    have it or a smaller one. It is always a value that occurs; 0 gives the smallest.

    Rank: ceil(percent * rows / 100), in whole numbers, so that no rounding shifts it. Raises
    ValueError where there are no rows.

    >>> percentile({10: 9, 500: 1}, 90), percentile({10: 9, 500: 1}, 91)
    (10, 500)
    """
    rank = max(1, -(-percent * histogram_rows(histogram) // 100))
    seen = 0
    for value, rows in sorted(histogram.items()):
        seen += rows
        if seen >= rank:
            return value
    raise ValueError("a percentile of no rows")


def histogram_rows(histogram: Mapping[int, int]) -> int:
    """The number of rows."""
    return sum(histogram.values())


def histogram_sum(histogram: Mapping[int, int]) -> int:
    """The sum of the values over all rows."""
    return sum(value * rows for value, rows in histogram.items())


def rows_within(histogram: Mapping[int, int], limit: int) -> int:
    """The rows whose value is at most `limit`."""
    return sum(rows for value, rows in histogram.items() if value <= limit)


def excess(histogram: Mapping[int, int], limit: int) -> int:
    """What is over `limit`, summed over all rows.

    >>> excess({3: 10, 7: 2}, 5)
    4
    """
    return sum((value - limit) * rows for value, rows in histogram.items() if value > limit)
