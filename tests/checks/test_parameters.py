"""Parameters of tools in the spellings of real data, and arguments that do or do not fit them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.checks import find
from agentdata.checks.arguments import MAX_SCHEMAS, _compile
from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.json_text import MAX_DEPTH


def codes(parameters: Any, arguments: dict[str, Any]) -> set[str]:
    """What is found when a tool with these parameters is called with these arguments."""
    raw = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    tool = ToolSpec("f", "", parameters if isinstance(parameters, dict) else None, raw)
    made = Message("assistant", tool_calls=(ToolCall("f", arguments),))
    row = Conversation("r", (Message("user", "q"), made), (tool,))
    return {finding.code for finding in find(row)}


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


# (parameters, arguments that fit, arguments that do not)
SPELLINGS: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
    ({"type": "dict", "properties": {"a": {"type": "float"}}}, {"a": 1.5}, {"a": "x"}),
    (schema(a={"type": "tuple", "items": {"type": "int"}}), {"a": [1, 2]}, {"a": ["x"]}),
    (schema(a={"type": "list[str]"}), {"a": ["x"]}, {"a": "x"}),
    (schema(a={"type": "STRING"}), {"a": "x"}, {"a": 1}),
    (schema(a={"type": "str | None"}), {"a": None}, {"a": 1}),
    (schema(a={"type": ["integer", "null"]}), {"a": None}, {"a": "1"}),
    (schema(a={"type": "integer", "nullable": True}), {"a": None}, {"a": "1"}),
    (schema(a={"enum": ["x"], "nullable": True}), {"a": None}, {"a": "y"}),
    (schema(a={"type": "bool"}), {"a": True}, {"a": 1}),
    (schema(a={"type": "number", "minimum": 0, "exclusiveMinimum": True}), {"a": 1}, {"a": 0}),
    (schema(a={"items": [{"type": "int"}, {"type": "str"}]}), {"a": [1, "x"]}, {"a": ["x", 1]}),
    (schema(a={"type": "string", "required": True}), {"a": "x"}, {}),
    ({"a": {"type": "string", "required": True}, "b": {"type": "int"}}, {"a": "x"}, {"b": 1}),
    ({"properties": {"type": "string"}, "items": {"type": "list"}}, {"items": []}, {"items": 1}),
    ([{"name": "a", "type": "int", "required": True}], {"a": 1}, {"a": "x"}),
    ([{"name": "a", "schema": {"type": "int"}, "required": "true"}], {"a": 1}, {}),
    ({"properties": {"a": {"type": "int"}}, "required": ["a"]}, {"a": 1}, {}),
    (
        {"$defs": {"P": {"type": "dict", "required": ["x"]}}, **schema(a={"$ref": "#/$defs/P"})},
        {"a": {"x": 1}},
        {"a": {}},
    ),
    (schema(a={"anyOf": [{"type": "int"}, {"type": "str"}]}), {"a": "x"}, {"a": []}),
    ({**schema(a={}), "additionalProperties": False}, {"a": 1}, {"b": 1}),
]


@pytest.mark.parametrize(
    ("parameters", "good", "bad"), SPELLINGS, ids=lambda value: str(value)[:60]
)
def test_spellings_of_parameters(
    parameters: Any, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    assert codes(parameters, good) == set()
    assert "bad_arguments" in codes(parameters, bad)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        [],
        None,
        "string",
        {"a": "a city"},
        {"type": "any"},
        {"type": "array", "items": {}},
        ["a", "b"],
        schema(),
        {"type": "object", "properties": {"a": {"type": "any"}}, "additionalProperties": True},
        {"type": "object", "properties": {"a": {"type": "Optional[Date]"}, "b": {"type": None}}},
        schema(a={"$ref": "http://127.0.0.1:9/schema.json"}, b={"enum": "x, y", "maxLength": "9"}),
        schema(a={"type": "int | Date", "description": 3}, b={"properties": ["x"]}),
    ],
    ids=str,
)
def test_what_says_nothing_blames_nothing(parameters: Any) -> None:
    assert codes(parameters, {"a": {"deep": [1]}, "b": "x"}) == set()


def test_values_that_only_tables_hold_are_held_as_text() -> None:
    wants_text = schema(day={"type": "string"}, blob={"type": "string"})
    held = {"day": datetime.date(2024, 5, 1), "blob": b"x"}
    assert codes(wants_text, held) == set()
    assert codes(schema(day={"type": "integer"}), {"day": held["day"]}) == {"bad_arguments"}


def test_big_integers_are_integers() -> None:
    assert codes(schema(n={"type": "integer"}), {"n": 10**40}) == set()


def test_a_reference_to_itself_ends() -> None:
    parameters = {"$ref": "#", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}
    assert codes(parameters, {"a": 1}) == set()
    deep: dict[str, Any] = {}
    for _ in range(MAX_DEPTH - 10):
        deep = {"a": deep}
    assert codes(schema(a={"$ref": "#"}), deep) == set()


def test_equal_parameters_are_compiled_once_and_a_bounded_number_is_held() -> None:
    _compile.cache_clear()
    for _ in range(3):
        codes(schema(once={"type": "string"}), {"once": "x"})
    assert (_compile.cache_info().misses, _compile.cache_info().maxsize) == (1, MAX_SCHEMAS)


WORDS = st.sampled_from(
    [
        "type",
        "properties",
        "items",
        "required",
        "enum",
        "anyOf",
        "$ref",
        "$defs",
        "pattern",
        "minimum",
        "nullable",
        "additionalProperties",
        "const",
        "dict",
        "string",
        "#/$defs/a",
        "a",
        "(",
        "not",
    ]
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(ANY, st.dictionaries(WORDS, ANY, max_size=3))
def test_any_parameters_and_arguments_are_judged_without_an_error(
    parameters: Any, arguments: dict[str, Any]
) -> None:
    assert codes(parameters, arguments) <= {"bad_arguments", "unknown_argument", "bad_parameters"}
