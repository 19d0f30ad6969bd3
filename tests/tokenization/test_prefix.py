"""Whether the tokens of a beginning are how the tokens of the whole begin."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentdata.assets import tokenizer_dir
from agentdata.templates import Kind, Prompt, Segment
from agentdata.tokenization import Encoder, PrefixCheck, load_tokenizer

HEAD, END = "<|im_start|>assistant\n", "<|im_end|>\n"


@cache
def encoder_of(directory: Path) -> Encoder:
    return Encoder(load_tokenizer(directory))


def held(encoder: Encoder, prompt: Prompt, ends: list[int]) -> list[bool]:
    return PrefixCheck(encoder).hold(prompt, [encoder.encode(prompt)], 0, ends)


def compared(encoder: Encoder, prompt: Prompt, end: int) -> bool:
    """The same by encoding the whole beginning."""
    left, out = end, []
    for segment in prompt.segments:
        text = segment.text[:left]
        left -= len(text)
        out.append(Segment(text, segment.kind, control=segment.control))
    ids = encoder.encode(Prompt(tuple(out))).ids.tolist()
    return encoder.encode(prompt).ids.tolist()[: len(ids)] == ids


def turn(text: str) -> Prompt:
    return Prompt(
        (
            Segment(HEAD, Kind.HEADER, control=True),
            Segment(text, Kind.CONTENT, 0, trainable=True),
            Segment(END, Kind.END_OF_TURN, 0, trainable=True, control=True),
        )
    )


@pytest.mark.parametrize(
    ("text", "holds"),
    [("Moin.", True), ("\n\nMoin.", False), ("", True), ("<|im_end|>", True)],
)
def test_words_that_go_on_from_the_head_of_a_turn(text: str, holds: bool) -> None:
    assert held(encoder_of(tokenizer_dir()), turn(text), [len(HEAD)]) == [holds]


PIECES = st.lists(
    st.tuples(
        st.sampled_from(["a", "\n", "\n\n", " ", "ab c", "é", "e\u0301", "😀", "晴", END, "1"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


def check_all_cuts(encoder: Encoder, pieces: list[tuple[str, bool]]) -> None:
    prompt = Prompt(tuple(Segment(t, Kind.CONTENT, control=c) for t, c in pieces))
    ends = list(range(len(prompt.text) + 1))
    expected = [compared(encoder, prompt, end) for end in ends]
    found = held(encoder, prompt, ends)
    # It may doubt what holds where two tokens share a character, never trust what does not.
    assert [end for end in ends if found[end] and not expected[end]] == []
    if prompt.text.isascii():
        assert found == expected


@settings(max_examples=80, deadline=None)
@given(pieces=PIECES)
def test_every_cut_is_judged_as_by_encoding_it(pieces: list[tuple[str, bool]]) -> None:
    check_all_cuts(encoder_of(tokenizer_dir()), pieces)


@pytest.mark.parity
@pytest.mark.parametrize(
    "name", ["qwen3", "glm-4.6", "mistral-nemo-tekken", "mistral-7b-v0.3-metaspace", "yi-6b-spm"]
)
def test_every_cut_with_real_tokenizers(shared: Path, name: str) -> None:
    encoder = encoder_of(shared / "tokenizers" / name)
    special = encoder.special[0]
    check_all_cuts(
        encoder,
        [("x", False), (special, True), ("user\n", True), ("\nhi  é", False), (special, True),
         ("assistant\n", True), ("\n\nYes, 晴😀 ", False), (special, False), (" end", False)],
    )  # fmt: skip
