"""The best assignment is the best of all there are."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from agentdata.evaluation.match import best_assignment

SIZES = st.integers(0, 5)
SCORES = st.tuples(SIZES, SIZES).flatmap(
    lambda size: st.lists(
        st.lists(st.integers(0, 6).map(float), min_size=size[1], max_size=size[1]),
        min_size=size[0],
        max_size=size[0],
    )
)


def best_of_all(scores: list[list[float]]) -> float:
    columns = len(scores[0]) if scores else 0
    width = max(columns, len(scores))
    return max(
        (
            sum(row[c] for row, c in zip(scores, order, strict=False) if c < columns)
            for order in permutations(range(width), len(scores))
        ),
        default=0.0,
    )


@given(SCORES)
def test_no_other_assignment_scores_more(scores: list[list[float]]) -> None:
    given_ = best_assignment(scores)
    columns = [column for column in given_ if column is not None]
    assert len(given_) == len(scores)
    assert len(set(columns)) == len(columns)
    assert len(columns) == min(len(scores), len(scores[0]) if scores else 0)
    total = sum(scores[row][c] for row, c in enumerate(given_) if c is not None)
    assert total == best_of_all(scores)
