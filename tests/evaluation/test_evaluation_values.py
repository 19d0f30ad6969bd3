"""When a value is right: by each way of comparing."""

from __future__ import annotations

from typing import Any

import pytest

from agentdata.evaluation.compare import Compare, is_right, same_text

STRICT, JSON, LOOSE, BFCL = Compare.STRICT, Compare.JSON, Compare.LOOSE, Compare.BFCL


@pytest.mark.parametrize(
    ("value", "options", "right_in"),
    [
        (1, [1], {STRICT, JSON, LOOSE, BFCL}),
        (1, [1.0], {JSON, LOOSE, BFCL}),
        (1.0, [1], {JSON, LOOSE}),
        (True, [1], set()),
        (1, [True], set()),
        ("1", [1], {LOOSE}),
        (1, ["1"], {LOOSE}),
        (" TRUE", [True], {LOOSE}),
        ("null", [None], {LOOSE}),
        (None, [None], {STRICT, JSON, LOOSE, BFCL}),
        (float("nan"), [float("nan")], {STRICT, JSON, LOOSE}),
        ("Paris", ["paris"], {LOOSE, BFCL}),
        ("April 1, 2024", ["April 1 2024"], {BFCL}),
        ("caf\u00e9", ["cafe\u0301"], {JSON, LOOSE}),
        ("\uff21\uff12", ["A2"], {LOOSE}),
        ("x", ["y", "x"], {STRICT, JSON, LOOSE, BFCL}),
        ([1, 2], [[1, 2]], {STRICT, JSON, LOOSE, BFCL}),
        ([2, 1], [[1, 2]], set()),
        ([1], [[1, 2]], set()),
        ({"b": 2, "a": 1}, [{"a": [1], "b": [2]}], {STRICT, JSON, LOOSE, BFCL}),
        ({"a": 3}, [{"a": [1, 3], "b": ["", 2]}], {STRICT, JSON, LOOSE, BFCL}),
        ({"a": 1}, [{"a": [1], "b": [2]}], set()),
        ({"a": 1, "c": 1}, [{"a": [1]}], set()),
        ([{"a": 1.0}], [[{"a": [1]}]], {JSON, LOOSE, BFCL}),
        ({"a": {"b": ["x"]}}, [{"a": [{"b": [["x"]]}]}], {STRICT, JSON, LOOSE, BFCL}),
        ("a", [], set()),
    ],
)
def test_value_is_right_in(value: Any, options: list[Any], right_in: set[Compare]) -> None:
    assert {compare for compare in Compare if is_right(value, options, compare)} == right_in


@pytest.mark.parametrize(
    ("schema", "value", "options", "right"),
    [
        ({"type": "float"}, 5, [5.0], True),
        ({"type": "integer"}, 5.0, [5], False),
        ({"type": "integer"}, True, [1], False),
        ({"type": "string"}, 7, ["7"], False),
        ({"type": "any"}, "A-b", ["ab"], True),
        # The name of a variable where a number belongs: to the letter.
        ({"type": "integer"}, "n", ["n"], True),
        ({"type": "integer"}, "N", ["n"], False),
        ({"type": "array", "items": {"type": "string"}}, ["New York"], [["newyork"]], True),
        ({"type": "array", "items": {"type": "integer"}}, ["1"], [[1]], False),
        ({"type": "array", "items": {"type": "integer"}}, [1.0], [[1]], False),
        ({"type": "tuple", "items": {"type": "float"}}, [1.5], [[1.5]], True),
        ({"type": "array", "items": {"type": "integer"}}, [], ["", [1]], True),
        ({"type": "dict"}, {"a": "X"}, [{"a": ["x"]}], True),
        ({"type": "dict"}, {"a": "X", "b": 1}, [{"a": ["x"]}], False),
        ({"type": "array", "items": {"type": "dict"}}, [{"a": 1}], [[{"a": [1, 2]}]], True),
        ({"type": "array", "items": {"type": "dict"}}, [{"a": 3}], [[{"a": [1, 2]}]], False),
        ({"type": "array", "items": {"type": "dict"}}, [], [[{"a": [1]}]], False),
        ({"type": "boolean"}, True, [True], True),
        ({"type": "string"}, "", ["", "x"], True),
    ],
)
def test_bfcl_goes_by_the_declared_type(
    schema: dict[str, Any], value: Any, options: list[Any], right: bool
) -> None:
    assert is_right(value, options, BFCL, schema) is right


def test_texts_are_the_same_as_values_are() -> None:
    assert {c for c in Compare if same_text("A 1", "a 1", c)} == {LOOSE, BFCL}
