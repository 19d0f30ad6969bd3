"""Which mark in a text stands for which item of the row."""

from __future__ import annotations

from typing import Any

import pytest

from agentdata.conversation import Media, Part
from agentdata.formats.common.media import MediaList

IMAGE, VIDEO = Part("image", media=0), Part("video", media=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no mark", "no mark"),
        ("<audio>", "<audio>"),
        ("<image>", (IMAGE,)),
        ("a<image>b", (Part("text", "a"), IMAGE, Part("text", "b"))),
        ("<image><image><video>", (IMAGE, Part("text", "<image>"), VIDEO)),
    ],
)
def test_marks(text: str, expected: Any) -> None:
    assert MediaList({"images": ["a.png"], "videos": ["b.mp4"]}).place(text) == expected


def test_items_are_taken_in_order_over_all_texts() -> None:
    media = MediaList({"images": ["a", "b"]})
    first, second = media.place("<image>"), media.place("<image>")
    assert (first, second) == ((Part("image", media=0),), (Part("image", media=1),))
    assert media.place("<image>") == "<image>"


@pytest.mark.parametrize(
    ("value", "ref"),
    [
        ("a.png", "a.png"),
        ({"path": "a.png", "bytes": None}, "a.png"),
        ({"bytes": b"\x00\x01"}, "data:image;base64,AAE="),
        ({"type": "image_url", "image_url": "http://x"}, "http://x"),
        ({"type": "image_url", "image_url": {"url": "http://x", "detail": "low"}}, "http://x"),
        ({"type": "image", "source": {"type": "base64", "data": "AAE="}}, "AAE="),
    ],
)
def test_references(value: Any, ref: str) -> None:
    assert MediaList({"images": [value]}).items == [Media("image", ref)]
