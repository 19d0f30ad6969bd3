"""The proof that merges put every token together, held against `tokenizers` itself."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from agentdata.tokenization.rank_order import BYTE_CHARACTERS, in_rank_order

Merges = list[tuple[str, str]]


def vocabulary(made: Merges) -> dict[str, int]:
    tokens = dict.fromkeys([*BYTE_CHARACTERS, *(left + right for left, right in made)])
    return {token: number for number, token in enumerate(tokens)}


def is_proved(made: Merges) -> bool:
    return in_rank_order(list(made), vocabulary(made))


def are_reached(made: Merges) -> bool:
    tokens = vocabulary(made)
    backend = Tokenizer(models.BPE(vocab=tokens, merges=made))
    return all(backend.encode(token).ids == [number] for token, number in tokens.items())


def test_merges_across_the_border_are_refused() -> None:
    assert is_proved([("a", "b"), ("ab", "c")])
    assert not is_proved([("a", "b"), ("b", "c"), ("a", "bc")])
    # Only the second b is swallowed in time: the first stands left of the border, and goes first.
    assert is_proved([("b", "b"), ("bb", "bb")])
    assert is_proved([("b", "b"), ("bb", "b")])
    assert not is_proved([("b", "b"), ("b", "bb")])


@st.composite
def merge_lists(draw: st.DrawFn) -> Merges:
    tokens, made = ["a", "b", "c"], dict[tuple[str, str], None]()
    for _ in range(draw(st.integers(1, 8))):
        left, right = (draw(st.sampled_from(tokens)) for _ in range(2))
        if left + right not in tokens:
            made[left, right] = None
            tokens.append(left + right)
    return list(made)


@settings(max_examples=200, deadline=None)
@given(merge_lists())
def test_proof_says_what_the_tokenizer_does(made: Merges) -> None:
    assert is_proved(made) == are_reached(made)
