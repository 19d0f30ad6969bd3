"""The places of a JSON Schema where schemas stand. What stands elsewhere (choices, defaults,
examples) is data, whatever it looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

_NAMED = ("properties", "dependentSchemas")
_KEYED = ("patternProperties", "$defs", "definitions", "dependencies")
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_SINGLE = (
    *("items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"),
    *("additionalItems", "unevaluatedItems", "unevaluatedProperties", "contentSchema"),
)

PLACES = frozenset({*_NAMED, *_KEYED, *_LISTS, *_SINGLE})
"""The keys of a schema under which others stand."""


def map_schemas(schema: dict[str, Any], change: Callable[[Any, str], Any]) -> dict[str, Any]:
    """The schema with each schema that stands directly in it changed by `change(schema, name)`;
    the name is that of the property, "" elsewhere."""
    out: dict[str, Any] = {}
    for key, value in schema.items():
        if isinstance(value, dict) and key in (*_NAMED, *_KEYED):
            value = {n: change(part, str(n) if key in _NAMED else "") for n, part in value.items()}
        elif isinstance(value, list) and (key in _LISTS or key == "items"):
            value = [change(part, "") for part in value]
        elif key in _SINGLE:
            value = change(value, "")
        out[key] = value
    return out


def schemas_in(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and all schemas in it that are mappings, outermost first."""
    if not isinstance(schema, dict):
        return
    yield schema
    parts: list[Any] = []
    map_schemas(schema, lambda part, _: parts.append(part))
    for part in parts:
        yield from schemas_in(part)


def words_of(schema: dict[str, Any]) -> Iterator[str]:
    """The keys of the schema and of all in it, names of properties left out."""
    for part in schemas_in(schema):
        # A mapping that was a Python literal may have other keys than text.
        yield from (key for key in part if isinstance(key, str))
