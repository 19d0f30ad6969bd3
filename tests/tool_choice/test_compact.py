"""`--compact-tools`: what goes, and that the same arguments stay valid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from agentdata.conversation import ToolSpec
from agentdata.formats.common.tools import read_tool, read_tools
from agentdata.json_text import dumps
from agentdata.tool_choice.bm25 import scores
from agentdata.tool_choice.compact import compact, compact_tool

CITY = {"type": "string", "description": "Where to go"}


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("schema", "shorter"),
    [
        # Words that say nothing
        (of(city_name={"type": "string", "title": "City Name"}), of(city_name={"type": "string"})),
        (of(city={"type": "string", "description": "The city."}), None),
        (of(city={"type": "string", "description": " City. "}), of(city={"type": "string"})),
        (of(price={"type": "number", "description": "€"}), None),
        (of(title={"type": "string", "title": "Title"}), of(title={"type": "string"})),
        ({"$comment": "made by hand", **of(city=CITY)}, of(city=CITY)),
        # Words that hold for every value
        ({**of(city=CITY), "required": [], "additionalProperties": True}, of(city=CITY)),
        ({**of(city=CITY), "additionalProperties": False}, None),
        ({**of(city=CITY), "minProperties": 0}, of(city=CITY)),
        (of(n={"type": "array", "minItems": 0, "uniqueItems": False}), of(n={"type": "array"})),
        (of(n={"type": "integer", "minimum": 0, "default": 0}), None),
        ({**of(city=CITY), "required": ["city", "city"]}, {**of(city=CITY), "required": ["city"]}),
        (of(n={"enum": [1, True, 1, "1", 1.0, True]}), of(n={"enum": [1, True, "1", 1.0]})),
        # A property that is called as a word of JSON Schema is one
        (of(required={"type": "array"}, additionalProperties={"type": "string"}), None),
        # What looks like a schema among data is data
        (of(n={"type": "object", "default": {"title": "N", "required": []}}), None),
        (of(n={"enum": [{"$comment": "a"}, {"minItems": 0}]}), None),
        # What was looked at counts as evaluated
        (
            {
                "allOf": [{**of(a={"type": "string"}), "additionalProperties": True}],
                "unevaluatedProperties": False,
            },
            None,
        ),
        # Definitions
        (
            {**of(a={"$ref": "#/$defs/A"}), "$defs": {"A": {"enum": ["x"]}, "B": {"type": "null"}}},
            of(a={"enum": ["x"]}),
        ),
        (
            {
                **of(a={"$ref": "#/definitions/A~1B", "description": "first"}),
                "definitions": {"A/B": {"$ref": "#/definitions/C"}, "C": {"type": "string"}},
            },
            of(a={"description": "first", "type": "string"}),
        ),
        (
            {
                **of(a={"$ref": "#/$defs/A"}, b={"$ref": "#/$defs/A"}),
                "$defs": {"A": {"type": "string", "title": "A"}},
            },
            None,
        ),
        ({**of(a={"$ref": "#/$defs/A", "minLength": 2}), "$defs": {"A": {"maxLength": 3}}}, None),
        (
            {
                **of(a={"$ref": "#/$defs/A", "description": "first"}),
                "$defs": {"A": {"type": "string", "description": "any"}},
            },
            None,
        ),
        ({**of(a={"$ref": "#/$defs/A"}), "$defs": {"A": of(a={"$ref": "#/$defs/A"})}}, None),
        ({**of(a={"$ref": "#/properties/b"}, b={"type": "null"}), "$defs": {"A": {}}}, None),
        ({**of(a={"x-of": {"$ref": "#/$defs/A"}}), "$defs": {"A": {"type": "null"}}}, None),
        # `$schema` goes where all drafts say the same
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", **of(a=CITY)}, of(a=CITY)),
        ({"$schema": "http://json-schema.org/draft-04/schema#", **of(a=CITY)}, None),
        (
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                **of(a={"type": "array", "items": [CITY]}),
            },
            of(a={"type": "array", "items": [CITY]})
            | {"$schema": "http://json-schema.org/draft-07/schema#"},
        ),
        # A flat mapping of parameters is no schema
        (
            {"title": {"type": "str", "title": "Title"}, "required": {"type": "list"}},
            {"title": {"type": "str"}, "required": {"type": "list"}},
        ),
    ],
)
def test_what_goes(schema: dict[str, Any], shorter: dict[str, Any] | None) -> None:
    made = compact(schema)
    assert made == (schema if shorter is None else shorter)
    assert compact(made) == made


@pytest.mark.parametrize("title", ["parameters", "Go", "goArguments", "GoInput", "go_schema"])
def test_a_title_made_of_the_tool(title: str) -> None:
    raw = {"name": "go", "parameters": {"title": title, **of(city=CITY)}}
    assert compact_tool(read_tool(raw, "")).parameters == of(city=CITY)


def test_a_title_of_its_own_stays() -> None:
    raw = {"name": "go", "parameters": {"title": "goodbye", **of(city=CITY)}}
    assert compact_tool(read_tool(raw, "")).raw == raw


# The same values are valid

NAMES = st.sampled_from(["a", "b", "title", "required"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["", "a", "bb", 1.0]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
TEXTS = st.sampled_from(["", " ", "a", "A", "Title", "b.", "other words"])
SIZES = st.integers(0, 2)


def _words(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    maps = st.dictionaries(NAMES, inner, max_size=3)
    words: dict[str, st.SearchStrategy[Any]] = {
        "type": st.sampled_from(["object", "array", "string", "integer", "null"]),
        "title": TEXTS,
        "description": TEXTS,
        "$comment": TEXTS,
        "properties": maps,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "e"]), inner, max_size=2),
        "required": st.lists(NAMES, max_size=3),
        "additionalProperties": inner,
        "unevaluatedProperties": inner,
        "unevaluatedItems": inner,
        "propertyNames": inner,
        "items": inner,
        "prefixItems": st.lists(inner, min_size=1, max_size=2),
        "contains": inner,
        "enum": st.lists(VALUES, min_size=1, max_size=4),
        "const": VALUES,
        "default": VALUES,
        "minLength": SIZES,
        "minItems": SIZES,
        "maxItems": SIZES,
        "minProperties": SIZES,
        "uniqueItems": st.booleans(),
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=1), max_size=1),
        "dependentSchemas": st.dictionaries(NAMES, inner, max_size=1),
        "not": inner,
        "if": inner,
        "then": inner,
        "anyOf": st.lists(inner, min_size=1, max_size=2),
        "allOf": st.lists(inner, min_size=1, max_size=2),
    }
    return st.fixed_dictionaries({}, optional=words)


SCHEMAS = st.recursive(
    st.booleans()
    | st.just({})
    | st.fixed_dictionaries({"$ref": st.sampled_from(["#/$defs/A", "#/$defs/B"])}),
    _words,
    max_leaves=8,
)
ROOTS = st.builds(
    lambda schema, a, b: {**schema, "$defs": {"A": a, "B": b}},
    _words(SCHEMAS),
    # Definitions that refer to no other: a schema may not go round in circles.
    *[st.recursive(st.booleans(), _words, max_leaves=4)] * 2,
)


@settings(max_examples=60)
@given(ROOTS, st.lists(VALUES, min_size=1, max_size=6))
def test_the_same_values_are_valid(schema: dict[str, Any], values: list[Any]) -> None:
    made = compact(schema)
    assert len(dumps(made)) <= len(dumps(schema))
    for validator in (Draft202012Validator, Draft7Validator):
        before, after = validator(schema), validator(made)
        for value in values:
            assert before.is_valid(value) == after.is_valid(value), (validator, value, made)


# Tools however they are wrapped


@pytest.mark.parametrize(
    "wrap",
    [
        lambda tool: tool,
        lambda tool: {"type": "function", "function": tool},
        lambda tool: {
            "toolSpec": {
                "name": tool["name"],
                "description": tool["description"],
                "inputSchema": {"json": tool["parameters"]},
            }
        },
        lambda tool: {
            "name": tool["name"],
            "description": tool["description"],
            "input_schema": tool["parameters"],
        },
    ],
)
def test_a_tool_is_shortened_in_its_wrapping(wrap: Any) -> None:
    parameters = {**of(city={"type": "string", "title": "City"}), "required": []}
    tool = {"name": "go", "description": "Goes.\n\n\n  There. \n", "parameters": parameters}
    made = compact_tool(read_tool(wrap(tool), ""))
    expected = wrap(
        {**tool, "description": "Goes.\n\nThere.", "parameters": of(city={"type": "string"})}
    )
    assert made == read_tool(expected, "")
    assert compact_tool(made) is made


def test_a_list_of_parameters_and_unknown_keys_stay() -> None:
    raw = {"name": "go", "parameters": [{"name": "city", "title": "city"}], "url": {"title": ""}}
    tool = read_tool(raw, "")
    assert compact_tool(tool) is tool


@pytest.mark.parametrize(
    "parameters",
    [
        {"properties": {1: {"title": "1"}}, "$defs": {2: {}}, 3: None},
        {"properties": None, "required": "True", "items": 5, "anyOf": {}, "enum": {}},
        {"properties": {"a": "text", "b": [1], "c": None}, "additionalProperties": []},
        {"a": {"title": ["a"], "description": None}},
        {"$defs": {"A": 1, "B": {"$ref": 5}}, "$ref": "#/$defs/A"},
    ],
)
def test_strange_schemas_break_nothing(parameters: dict[Any, Any]) -> None:
    tool = read_tool({"name": "go", "parameters": parameters}, "")
    made = compact_tool(tool)
    assert compact_tool(made) is made
    assert len(scores("go", [tool, made])) == 2


@pytest.mark.parity
def test_tools_of_real_data_take_the_same_arguments(shared: Path) -> None:
    """Every tool of several sources, held to arguments that its source calls it with and to others
    made of them."""
    checked = shortened = 0
    for tool, arguments in _real(shared):
        made = compact_tool(tool)
        assert made.name == tool.name
        assert len(dumps(made.raw)) <= len(dumps(tool.raw))
        shortened += made is not tool
        if not isinstance(tool.parameters, dict):
            continue
        before, after = (Draft202012Validator(t.parameters or {}) for t in (tool, made))
        for values in [{}, *arguments, *({k: [v] for k, v in a.items()} for a in arguments)]:
            try:
                expected = before.is_valid(values)
            except Exception:  # a type that is no JSON Schema's, as `dict`
                continue
            assert after.is_valid(values) == expected
            checked += 1
    assert shortened > 100
    assert checked > 500


def _real(shared: Path) -> list[tuple[ToolSpec, list[dict[str, Any]]]]:
    found: dict[str, ToolSpec] = {}
    calls: dict[str, list[dict[str, Any]]] = {}
    data = shared / "data"
    for name in ("tau2-bench/sft-v1-small-openai/train_sft-v1-small.jsonl",):
        for row in map(json.loads, (data / name).open()):
            for tool in read_tools(row["tools"], ""):
                found.setdefault(dumps(tool.raw), tool)
            for message in row["messages"]:
                for call in message.get("tool_calls") or []:
                    arguments = json.loads(call["function"]["arguments"])
                    calls.setdefault(call["function"]["name"], []).append(arguments)
    for name in (
        "acebench/data_en/data_normal_atom_object_deep.json",
        "bfcl-v4/BFCL_v4_live_multiple.json",
    ):
        for row in map(json.loads, (data / name).open()):
            for tool in read_tools(row["function"], ""):
                found.setdefault(dumps(tool.raw), tool)
    return [(tool, calls.get(tool.name, [])[:20]) for tool in found.values()]
