"""The quick test for many words says what a search for each of them says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentdata.formats.common.result_marks import EXCHANGES, SIGNS
from agentdata.formats.common.signs import one_of

WORDS = (*SIGNS, *(marks.open for exchange in EXCHANGES for marks in exchange.results))
PIECES = (*WORDS, *(word[:-1] for word in WORDS), "<", "a", " ", "信")
holds = one_of(WORDS)


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_a_text_holds_one_of_the_words_as_a_search_for_each_says(text: str) -> None:
    assert holds(text) == any(word in text for word in WORDS)


def test_no_word_is_in_no_text() -> None:
    assert not one_of(())("<a> b")
