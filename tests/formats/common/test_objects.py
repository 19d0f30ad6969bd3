"""Names and boxes in the places that the texts of a row keep for them."""

from __future__ import annotations

from typing import Any

import pytest

from agentdata.errors import RowError
from agentdata.formats import get

IN_PIXELS, IN_THOUSANDTHS = "boxes_in_pixels", "boxes_in_thousandths"
BOX, POINT = [1.5, 2.5, 30, 40.6], [7, 8]


def read(text: str, **row: Any) -> tuple[str, list[str]]:
    turns = [{"role": "user", "content": "<image>"}, {"role": "assistant", "content": text}]
    conversation = get("swift").read({"messages": turns, "images": ["a.png"], **row})
    return conversation.messages[1].text, list(conversation.warnings)


@pytest.mark.parametrize(
    ("text", "objects", "expected", "warnings"),
    [
        (
            "<ref-object><bbox> and <ref-object>",
            {"ref": ["a cat", "a dog"], "bbox": [BOX]},
            "a cat[2, 2, 30, 41] and a dog",
            [IN_PIXELS],
        ),
        ("click('<bbox>')", {"ref": [], "bbox": [POINT]}, "click('[7, 8]')", [IN_PIXELS]),
        (
            "<bbox>",
            {"bbox": [[0, 0.5, 1, 0.12345]], "bbox_type": "norm1"},
            "[0, 500, 1000, 123]",
            [IN_THOUSANDTHS],
        ),
        (
            "<ref-object>: <bbox>",
            '[{"caption": "a cat", "bbox": [3, 4, 5, 6], "bbox_type": "norm_1000", "image": 0}]',
            "a cat: [3, 4, 5, 6]",
            [IN_THOUSANDTHS],
        ),
        # A name is put in as it is, and nothing is looked for in it.
        ("<ref-object>", {"ref": ["<bbox>\\1"]}, "<bbox>\\1", []),
        # No places: the objects were meant for something else.
        ("a cat", {"ref": ["a cat"], "bbox": [BOX]}, "a cat", []),
        ("a cat", ["table", "chair"], "a cat", []),
    ],
)
def test_objects_stand_in_their_places(
    text: str, objects: Any, expected: str, warnings: list[str]
) -> None:
    assert read(text, objects=objects) == (expected, warnings)


@pytest.mark.parametrize(
    ("text", "objects", "code", "pointer"),
    [
        ("<bbox>", None, "objects_mismatch", "/objects"),
        ("<bbox>", {"bbox": []}, "objects_mismatch", "/objects"),
        ("<bbox>", {"bbox": [BOX, BOX]}, "objects_mismatch", "/objects"),
        ("<ref-object>", {"ref": ["a"], "bbox": [BOX]}, "objects_mismatch", "/objects"),
        ("<bbox>", "a cat", "bad_objects", "/objects"),
        ("<bbox>", {"bbox": [[1, 2, 3]]}, "bad_objects", "/objects/bbox/0"),
        ("<bbox>", {"bbox": [["1", "2"]]}, "bad_objects", "/objects/bbox/0"),
        ("<bbox>", {"bbox": [BOX], "bbox_type": "m"}, "bad_objects", "/objects/bbox_type"),
        ("<ref-object>", {"ref": [1]}, "bad_objects", "/objects/ref"),
        ("<ref-object>", [{"bbox": BOX}], "bad_objects", "/objects/0"),
    ],
)
def test_what_cannot_be_told_is_rejected(text: str, objects: Any, code: str, pointer: str) -> None:
    with pytest.raises(RowError) as caught:
        read(text, objects=objects)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_text_alone_may_speak_of_boxes() -> None:
    assert read("Write <bbox> in XML.", images=[]) == ("Write <bbox> in XML.", [])
