"""Media in the place of their stand-ins: texts, kinds and weights of all else stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.conversation import Conversation, Media, Message, Part
from agentdata.errors import RowError
from agentdata.loss_scale import Weights
from agentdata.media.place import Found, expand, items_in, stand_ins, with_stand_ins
from agentdata.templates.prompt import Kind, Prompt, Segment

PICTURE = Media("image", "a.png")


def conversation(*contents: str | tuple[Part, ...], media: int = 2) -> Conversation:
    messages = tuple(Message("user", content) for content in contents)
    return Conversation("c", messages, media=(PICTURE,) * media)


def test_parts_become_one_character_each() -> None:
    parts = (Part("text", "a"), Part("image", media=1), Part("image", media=0), Part("text", "b"))
    prepared = with_stand_ins(conversation("x", parts))
    assert prepared.messages[0].content == "x"
    assert len(prepared.messages[1].content) == 4
    assert items_in(prepared) == [1, 0]


@pytest.mark.parametrize("text", ["\U000f0000", "a\U000f0007b", "\U000ffffd"])
def test_such_characters_in_data(text: str) -> None:
    for content in (text, (Part("text", text), Part("image", media=0))):
        with pytest.raises(RowError) as error:
            with_stand_ins(conversation(content))
        assert error.value.code == "private_use_character"


@pytest.mark.parametrize("text", ["\U0001f600", "\U00100000", "\U000effff", ""])
def test_other_characters_are_data(text: str) -> None:
    assert with_stand_ins(conversation(text)).messages[0].content == text


TEXTS = st.text(st.sampled_from("ab\U0001f600"), max_size=4)
PIECES = st.lists(TEXTS | st.integers(0, 3), max_size=6)


@st.composite
def prompts(draw: st.DrawFn) -> tuple[Prompt, Weights, list[str]]:
    """A prompt with stand-ins, weights of its characters, and a text for each stand-in."""
    segments = []
    for pieces in draw(st.lists(PIECES, min_size=1, max_size=5)):
        text = "".join(p if isinstance(p, str) else chr(0xF0000 + p) for p in pieces)
        segments.append(Segment(text, draw(st.sampled_from(list(Kind))), trainable=True))
    prompt = Prompt(tuple(segments))
    length = len(prompt.text)
    ends = sorted(draw(st.sets(st.integers(1, max(1, length)), max_size=4)) | {max(1, length)})
    values = draw(
        st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=len(ends), max_size=len(ends))
    )
    weights = Weights(np.array(ends, np.int64), np.array(values, np.float32))
    count = len(stand_ins(prompt))
    texts = draw(st.lists(st.sampled_from(["#", "##", "#####"]), min_size=count, max_size=count))
    return prompt, weights, texts


def by_character(weights: Weights, length: int) -> list[float]:
    return [float(weights.values[np.searchsorted(weights.ends, i, "right")]) for i in range(length)]


@given(prompts())
def test_all_but_the_stand_ins_is_as_before(case: tuple[Prompt, Weights, list[str]]) -> None:
    prompt, weights, texts = case
    found = stand_ins(prompt)
    done = expand(prompt, weights, found, [(text, True) for text in texts])
    before = list(zip(prompt.text, by_character(weights, len(prompt.text)), strict=True))
    expected = list(before)
    for place, text in list(zip(found, texts, strict=True))[::-1]:
        expected[place.start : place.end] = [(character, 0.0) for character in text]
    text = done.prompt.text
    assert list(zip(text, by_character(done.weights, len(text)), strict=True)) == expected
    assert [text[start:end] for start, end in done.spans.tolist()] == texts
    for position in range(len(prompt.text) + 1):
        inside = sum(len(t) - 1 for f, t in zip(found, texts, strict=True) if f.end <= position)
        assert done.shifted(position) == position + inside
    if len(text):
        assert done.weights.ends[-1] >= len(text)
        assert (np.diff(done.weights.ends) > 0).all()


def test_what_takes_their_place_is_media_and_not_trained() -> None:
    prompt = Prompt((Segment("ab\U000f0000c", Kind.CONTENT, 3, trainable=True),))
    weights = Weights(np.array([4]), np.array([1.0], np.float32))
    done = expand(prompt, weights, stand_ins(prompt), [("<x>", True)])
    assert done.prompt.segments == (
        Segment("ab", Kind.CONTENT, 3, trainable=True),
        Segment("<x>", Kind.MEDIA, 3, control=True),
        Segment("c", Kind.CONTENT, 3, trainable=True),
    )
    assert (done.weights.ends.tolist(), done.weights.values.tolist()) == ([2, 5, 6], [1, 0, 1])


def test_longer_stretches_may_go_too() -> None:
    prompt = Prompt((Segment("a<pad>b", Kind.USER),))
    weights = Weights(np.array([3, 7]), np.array([1.0, 0.5], np.float32))
    done = expand(prompt, weights, [Found(1, 6, 0)], [("xx", True)])
    assert done.prompt.text == "axxb"
    assert (done.weights.ends.tolist(), done.weights.values.tolist()) == ([1, 3, 4], [1, 0, 0.5])
