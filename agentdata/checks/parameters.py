"""The parameters of a tool, however the data write them, as a JSON Schema that can be compiled.

Only what constrains a value is kept. A word that is no type of JSON Schema becomes the type it
stands for (`dict`, `float`, `list[str]`), or no constraint at all: a check must not blame a call
for the looseness of its tool.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agentdata.conversation import ToolSpec
from agentdata.formats.common.tools import PARAMETER_KEYS

_TYPES = {
    "array": "array",
    "bool": "boolean",
    "boolean": "boolean",
    "dict": "object",
    "dictionary": "object",
    "double": "number",
    "float": "number",
    "hashmap": "object",
    "int": "integer",
    "integer": "integer",
    "list": "array",
    "long": "integer",
    "map": "object",
    "none": "null",
    "null": "null",
    "number": "number",
    "object": "object",
    "set": "array",
    "str": "string",
    "string": "string",
    "text": "string",
    "tuple": "array",
}
_TYPE_WORD = re.compile(r"([a-z]+)(?:\[[^|]*\]|<[^|]*>)?")
_SCHEMA_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SCHEMA_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_SCHEMAS = (
    "items",
    "contains",
    "additionalProperties",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
)
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_SIZES = (
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
)
_AS_GIVEN = ("const", "pattern")
_CLOSED = frozenset({"type", "properties", "required", "$defs", "definitions"})


def parameters_of(tool: ToolSpec) -> Any:
    """The parameters as the tool gives them: a mapping or a list, None where there are none."""
    if tool.parameters is not None:
        return tool.parameters
    inner = tool.raw.get("function", tool.raw)
    if not isinstance(inner, dict):
        return None
    return next((inner[key] for key in PARAMETER_KEYS if isinstance(inner.get(key), list)), None)


def to_schema(parameters: Any) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a tool's parameters: a schema, a flat mapping
    {name: {"type", ...}}, or a list of {"name", "type" or "schema", "required"}.

    >>> to_schema({"city": {"type": "str", "required": True}})
    {'type': 'object', 'properties': {'city': {'type': 'string'}}, 'required': ['city']}
    """
    if isinstance(parameters, list):
        parameters = _listed(parameters)
    elif isinstance(parameters, dict) and _is_flat(parameters):
        parameters = {"properties": parameters}
    schema = _schema(parameters)
    # Arguments are an object whatever the tool says; what else it says is of no use.
    if schema.get("type", "object") != "object":
        return {"type": "object"}
    return {"type": "object", **schema}


def known_names(schema: Mapping[str, Any]) -> frozenset[str] | None:
    """The names that arguments may have, None where the schema leaves that open."""
    if not schema.get("properties") or not schema.keys() <= _CLOSED:
        return None
    return frozenset(schema["properties"])


def _is_flat(parameters: dict[str, Any]) -> bool:
    """Whether the keys are names of parameters rather than words of JSON Schema."""
    if "$defs" in parameters or not parameters:
        return False
    inner = parameters.get("properties")
    if isinstance(inner, dict) and all(isinstance(value, dict) for value in inner.values()):
        return False
    return all(isinstance(value, dict) for value in parameters.values())


def _listed(parameters: list[Any]) -> dict[str, Any]:
    named = {
        entry["name"]: entry["schema"] | {"required": entry.get("required")}
        if isinstance(entry.get("schema"), dict)
        else entry
        for entry in parameters
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    }
    return {"properties": named} if len(named) == len(parameters) else {}


def _schema(raw: Any) -> Any:
    """What of a schema constrains a value; true and false stay."""
    if not isinstance(raw, dict):
        return raw if isinstance(raw, bool) else {}
    schema: dict[str, Any] = {}
    types = _types(raw.get("type"))
    if types:
        if raw.get("nullable") is True and "null" not in types:
            types.append("null")
        schema["type"] = types[0] if len(types) == 1 else types
    _add_parts(schema, raw)
    _add_bounds(schema, raw)
    if isinstance(raw.get("enum"), list) and raw["enum"]:
        schema["enum"] = raw["enum"] + ([None] if raw.get("nullable") is True else [])
    required = _required(raw)
    if required:
        schema["required"] = required
    return schema


def _types(value: Any) -> list[str]:
    """The types that a `type` names; [] where one of them is not known."""
    words = value.split("|") if isinstance(value, str) else value
    types: list[str] = []
    for word in words if isinstance(words, list) else ():
        match = _TYPE_WORD.fullmatch(word.strip().lower()) if isinstance(word, str) else None
        known = _TYPES.get(match[1]) if match else None
        if known is None:
            return []
        if known not in types:
            types.append(known)
    return types


def _add_parts(schema: dict[str, Any], raw: dict[str, Any]) -> None:
    for key in _SCHEMA_MAPS:
        if isinstance(raw.get(key), dict):
            schema[key] = {name: _schema(value) for name, value in raw[key].items()}
    for key in _SCHEMA_LISTS:
        if isinstance(raw.get(key), list) and raw[key]:
            schema[key] = [_schema(value) for value in raw[key]]
    for key in _SCHEMAS:
        if isinstance(raw.get(key), dict | bool):
            schema[key] = _schema(raw[key])
    if isinstance(raw.get("items"), list) and raw["items"]:
        schema["prefixItems"] = [_schema(value) for value in raw["items"]]
    # A reference out of the tool is out of reach.
    if isinstance(raw.get("$ref"), str) and raw["$ref"].startswith("#"):
        schema["$ref"] = raw["$ref"]


def _add_bounds(schema: dict[str, Any], raw: dict[str, Any]) -> None:
    for key in _NUMBERS:
        if isinstance(raw.get(key), int | float) and not isinstance(raw[key], bool):
            schema[key] = raw[key]
    for key in _SIZES:
        if type(raw.get(key)) is int and raw[key] >= 0:
            schema[key] = raw[key]
    for key in _AS_GIVEN:
        if key in raw:
            schema[key] = raw[key]
    # As draft 4 wrote it.
    for bound in ("Minimum", "Maximum"):
        if raw.get(f"exclusive{bound}") is True and bound.lower() in schema:
            schema[f"exclusive{bound}"] = schema.pop(bound.lower())


def _required(raw: dict[str, Any]) -> list[str]:
    """The names that are required: listed, or marked so in their own entry as in draft 3."""
    listed = raw.get("required")
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    properties = raw.get("properties")
    for name, value in properties.items() if isinstance(properties, dict) else ():
        marked = isinstance(value, dict) and str(value.get("required")).lower() == "true"
        if marked and name not in names:
            names.append(name)
    return list(dict.fromkeys(names))
