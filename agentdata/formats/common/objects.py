"""Grounding: the `objects` of a row in the places that its texts keep for them, as ms-swift has it.

`<ref-object>` becomes the next name in `ref`, `<bbox>` the next box in `bbox`, as whole numbers in
the form that Qwen2.5-VL and Qwen3-VL write: `[x1, y1, x2, y2]`, or `[x, y]` for a point. Boxes in
pixels stay in pixels, since their image is not looked at; those in shares of the image
(`bbox_type: norm1`) become thousandths, as most models count.
Source: the documentation of ms-swift on custom data sets; its `QWENVL_BBOX_FORMAT=new`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import isfinite
from typing import Any

from agentdata.errors import RowError
from agentdata.formats.common.values import json_or_none

IN_PIXELS = "boxes_in_pixels"
"""Warning: a row's boxes are written in pixels, and some models count in thousandths."""
IN_THOUSANDTHS = "boxes_in_thousandths"
"""Warning: a row's boxes are written in thousandths of the image, and some models count in
pixels."""
_PLACE = re.compile("<(ref-object|bbox)>")
_IMAGES = ("images", "image")
_UNITS: dict[Any, tuple[int, str]] = {
    None: (1, IN_PIXELS),
    "real": (1, IN_PIXELS),
    "norm1": (1000, IN_THOUSANDTHS),
    "norm_1": (1000, IN_THOUSANDTHS),
    "norm_1000": (1, IN_THOUSANDTHS),
}
"""{type of box: (factor, warning)}; those with an underscore are of ms-swift 2."""


def fill_objects(row: dict[str, Any], key: str, warnings: list[str]) -> dict[str, Any]:
    """The row with its objects in the messages under `key`; the same row where these have no places
    for any, or where it has neither objects nor images.

    Raises RowError `bad_objects` (they cannot be told), `objects_mismatch` (more or fewer places
    than objects).
    """
    objects = row.get("objects")
    if not objects and not any(map(row.get, _IMAGES)):
        return row
    places = Counter(_places(row[key]))
    if not places:
        return row
    names, boxes = _read(objects or {}, warnings)
    for place, given in (("ref-object", names), ("bbox", boxes)):
        if places[place] != len(given):
            raise RowError(
                "objects_mismatch",
                f"{places[place]} times <{place}> for {len(given)} of them",
                pointer="/objects",
            )
    fillers = {"ref-object": iter(names), "bbox": iter(boxes)}
    return {**row, key: _filled(row[key], fillers)}


def _places(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _PLACE.findall(value)
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _places(item)


def _filled(value: Any, fillers: dict[str, Iterator[str]]) -> Any:
    if isinstance(value, str):
        return _PLACE.sub(lambda place: next(fillers[place[1]]), value)
    if isinstance(value, list):
        return [_filled(item, fillers) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, fillers) for key, item in value.items()}
    return value


def _read(objects: Any, warnings: list[str]) -> tuple[list[str], list[str]]:
    """The names and the boxes of a row's objects as texts."""
    if isinstance(objects, str):
        objects = json_or_none(objects)
    if isinstance(objects, list):
        return _read_list(objects, warnings)
    if not isinstance(objects, dict):
        raise _bad("the objects are no object")
    names = objects.get("ref") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _bad("the names are not a list of texts", "/ref")
    boxes = objects.get("bbox") or []
    if not isinstance(boxes, list):
        raise _bad("the boxes are no list", "/bbox")
    kind = objects.get("bbox_type")
    return names, [_box(box, kind, f"/bbox/{index}", warnings) for index, box in enumerate(boxes)]


def _read_list(objects: list[Any], warnings: list[str]) -> tuple[list[str], list[str]]:
    """A caption and a box for each object, as ms-swift 2 has it."""
    names, boxes = [], []
    for index, item in enumerate(objects):
        caption = item.get("caption") if isinstance(item, dict) else None
        if not isinstance(caption, str):
            raise _bad("an object has no caption", f"/{index}")
        names.append(caption)
        boxes.append(_box(item.get("bbox"), item.get("bbox_type"), f"/{index}/bbox", warnings))
    return names, boxes


def _box(box: Any, kind: Any, pointer: str, warnings: list[str]) -> str:
    numbers = box if isinstance(box, list) else []
    if len(numbers) < 2 or len(numbers) % 2 or not all(map(_is_number, numbers)):
        raise _bad("a box is no list of x and y by turns", pointer)
    if not isinstance(kind, str | None) or kind not in _UNITS:
        raise _bad(f"{kind!r} is no type of boxes", "/bbox_type")
    factor, warning = _UNITS[kind]
    warnings.append(warning)
    return str([round(number * factor) for number in numbers])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and isfinite(value) and not isinstance(value, bool)


def _bad(message: str, pointer: str = "") -> RowError:
    return RowError("bad_objects", message, pointer=f"/objects{pointer}")
