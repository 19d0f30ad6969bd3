"""Percentiles and sums over histograms {value: rows}."""

from __future__ import annotations

from collections import Counter
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


def sum_within(histogram: Mapping[int, int], limit: int) -> int:
    """The sum of the values that are at most `limit`, over all rows."""
    return sum(value * rows for value, rows in histogram.items() if value <= limit)


def bins(histogram: Mapping[int, int]) -> list[tuple[int, int, int, int]]:
    """`(above, upto, rows, sum)` from the first to the last value: four bins to a doubling, so that
    every power of two ends one; values above `above` and at most `upto` are in it.

    >>> bins({9: 2, 12: 1, 13: 1})
    [(8, 10, 2, 18), (10, 12, 1, 12), (12, 14, 1, 13)]
    """
    if not histogram:
        return []
    rows: Counter[int] = Counter()
    sums: Counter[int] = Counter()
    for value, number in histogram.items():
        number_of_bin = _bin(value)
        rows[number_of_bin] += number
        sums[number_of_bin] += value * number
    return [(_edge(n - 1), _edge(n), rows[n], sums[n]) for n in range(min(rows), max(rows) + 1)]


def _bin(value: int) -> int:
    """The number of the bin that holds `value`: bin n ends at `_edge(n)`."""
    if value <= 4:
        return max(value, 0)
    power = (value - 1).bit_length() - 1
    return 4 * (power - 1) + 1 + ((value - 1 - (1 << power)) >> (power - 2))


def _edge(number: int) -> int:
    """0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, ...; -1 below."""
    if number <= 4:
        return number
    octave, quarter = divmod(number - 4, 4)
    return (4 + quarter) << octave


def excess(histogram: Mapping[int, int], limit: int) -> int:
    """What is over `limit`, summed over all rows.

    >>> excess({3: 10, 7: 2}, 5)
    4
    """
    return sum((value - limit) * rows for value, rows in histogram.items() if value > limit)
