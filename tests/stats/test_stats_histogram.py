"""Percentiles and sums of histograms, against the rows written out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.stats.histogram import (
    excess,
    histogram_rows,
    histogram_sum,
    percentile,
    rows_within,
)

LISTS = st.lists(st.integers(0, 300_000), min_size=1, max_size=300)


@pytest.mark.parametrize(
    ("histogram", "percent", "expected"),
    [
        ({7: 1}, 0, 7),
        ({7: 1}, 50, 7),
        ({7: 1}, 100, 7),
        ({1: 1, 2: 1}, 50, 1),
        ({1: 1, 2: 1}, 51, 2),
        ({15: 1, 20: 1, 35: 1, 40: 1, 50: 1}, 30, 20),
        ({15: 1, 20: 1, 35: 1, 40: 1, 50: 1}, 40, 20),
        ({15: 1, 20: 1, 35: 1, 40: 1, 50: 1}, 50, 35),
        ({100: 99, 9: 1}, 1, 9),
        ({100: 99, 9: 1}, 2, 100),
        ({10: 98, 5000: 2}, 98, 10),
        ({10: 98, 5000: 2}, 99, 5000),
        # 0.07 * 100 is 7.000000000000001 in floats: one rank too far.
        ({1: 7, 2: 93}, 7, 1),
        ({1: 0, 2: 3}, 0, 2),
    ],
)
def test_percentile_is_the_nearest_rank(
    histogram: dict[int, int], percent: int, expected: int
) -> None:
    assert percentile(histogram, percent) == expected


def test_no_rows_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no rows"):
        percentile({}, 50)


@given(LISTS, st.sampled_from([50, 90, 99, 100]))
def test_percentiles_equal_those_of_numpy_on_the_rows(values: list[int], percent: int) -> None:
    expected = np.percentile(values, percent, method="inverted_cdf")
    assert percentile(Counter(values), percent) == expected


@given(LISTS, st.integers(0, 300_000))
def test_sums_equal_those_of_the_rows(values: list[int], limit: int) -> None:
    histogram = Counter(values)
    assert histogram_rows(histogram) == len(values)
    assert histogram_sum(histogram) == sum(values)
    assert rows_within(histogram, limit) == sum(value <= limit for value in values)
    assert excess(histogram, limit) == sum(values) - sum(min(value, limit) for value in values)
