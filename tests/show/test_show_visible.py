"""Whatever stands in a row is seen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.show.visible import visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words", "plain words"),
        ("naïve 日本 é", "naïve 日本 é"),
        ("\n", "⏎"),
        ("a\tb\r\n", "a⇥b␍⏎"),
        ("  both ends ", "··both ends·"),
        ("   ", "···"),
        ("zero\u200bwidth", "zero<U+200B>width"),
        ("joined\u200dup", "joined<U+200D>up"),
        ("right\u202eleft", "right<U+202E>left"),
        ("no\u00a0break", "no<U+00A0>break"),
        ("soft\u00adhyphen", "soft<U+00AD>hyphen"),
        ("\ufeffmark", "<U+FEFF>mark"),
        ("heart\ufe0f", "heart<U+FE0F>"),
        ("\x1b[31mred", "<U+001B>[31mred"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("half \udce4", "half <E4>"),
        ("blank\u3164", "blank<U+3164>"),
    ],
)
def test_what_is_not_seen_is_shown(text: str, expected: str) -> None:
    assert visible(text) == expected


@given(st.text(st.characters()))
def test_nothing_that_controls_a_terminal_is_left(text: str) -> None:
    for character in visible(text):
        assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
