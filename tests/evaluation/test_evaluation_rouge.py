"""ROUGE-L is the longest common subsequence, in any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.evaluation.rouge import common_length, rouge_l, tokens

WORDS = st.lists(st.sampled_from("abcd"), max_size=12)


@given(WORDS, WORDS)
def test_length_is_that_of_the_textbook(one: list[str], other: list[str]) -> None:
    row = [0] * (len(other) + 1)
    for a in one:
        before, row = row, [0]
        for index, b in enumerate(other):
            row.append(before[index] + 1 if a == b else max(before[index + 1], row[index]))
    assert common_length(one, other) == row[-1]


@pytest.mark.parametrize(
    ("text", "reference", "score"),
    [
        ("The cat sat.", "the cat sat", 1.0),
        ("sat cat the", "the cat sat", 1 / 3),
        ("今天北京晴", "今天北京下雨", 8 / 11),
        ("ราคา", "ราคา", 1.0),
        ("3.5 km", "3,5 km!", 1.0),
        ("", "word", 0.0),
        ("!", "?", 1.0),
    ],
)
def test_score(text: str, reference: str, score: float) -> None:
    assert rouge_l(text, reference) == pytest.approx(score)


def test_letters_with_marks_stay_whole() -> None:
    assert tokens("Zürich, Ελλάδα_один") == ["zürich", "ελλάδα", "один"]
