"""The canonical think block, and what is none."""

from __future__ import annotations

import pytest

from agentdata.formats.common.think import split_think


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>\nwhy\n</think>\n\nso", ("why", "so")),
        ("<think>\n\n</think>\n\nso", ("", "so")),
        ("<think>\n a \n b \n</think>\n\n", (" a \n b ", "")),
        ("<think>\nwhy\n</think>\n\n\nso", ("why", "\nso")),
        ("<think>\nwhy <think>\n</think>\n\nso", ("why <think>", "so")),
    ],
)
def test_canonical(text: str, expected: tuple[str, str]) -> None:
    assert split_think(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "so",
        "",
        " <think>\nwhy\n</think>\n\nso",
        "<think>why</think>\n\nso",
        "<think>\nwhy\n</think>\nso",
        "<think>\nwhy</think>\n\nso",
        "<think>\n\nwhy\n</think>\n\nso",
        "<think>\nwhy\n\n</think>\n\nso",
        "<think>\n\n\n</think>\n\nso",
        "<think>\n</think>\n\nso",
        "<think>\nwhy",
        "<think>\na</think> b\n</think>\n\nso",
    ],
)
def test_any_other_form_stays_in_the_content(text: str) -> None:
    assert split_think(text) == (None, text)
