"""Definitions of a JSON Schema: in the place of the one reference to each, or gone."""

from __future__ import annotations

from collections import Counter
from typing import Any

from agentdata.tool_choice.walk import map_schemas, schemas_in, words_of

_KEYS = ("$defs", "definitions")
_ANNOTATIONS = frozenset({"$ref", "title", "description", "default", "examples", "deprecated"})
_OWN_BASE = frozenset({"$id", "id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef"})


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with each definition that one reference names in the place of that reference, and
    without those that none names.

    A reference beside which more stands than annotations, or what the definition says too, stays:
    drafts differ on what holds then. So does all where references may lead elsewhere.
    """
    if not any(isinstance(schema.get(key), dict) for key in _KEYS):
        return schema
    if not _OWN_BASE.isdisjoint(words_of(schema)):
        return schema
    while (smaller := _one_less(schema)) is not None:
        schema = smaller
    return schema


def _one_less(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The schema with one definition less, None where none can go."""
    known = {
        f"#/{key}/{_escaped(str(name))}": (key, name)
        for key in _KEYS
        if isinstance(schema.get(key), dict)
        for name in schema[key]
    }
    uses = Counter(part["$ref"] for part in schemas_in(schema) if _is_reference(part))
    if not uses.keys() <= known.keys() or uses.total() != _references(schema):
        return None
    for reference, (key, name) in known.items():
        definition = schema[key][name]
        if uses[reference] == 0:
            return _without(schema, key, name)
        if uses[reference] == 1 and _fits(schema, reference, definition):
            left: dict[str, Any] = _put(_without(schema, key, name), reference, definition)
            return left
    return None


def _fits(schema: dict[str, Any], reference: str, definition: Any) -> bool:
    """Whether the definition can stand in the place of the reference."""
    if not isinstance(definition, dict):
        return False
    if any(_refers(part, reference) for part in schemas_in(definition)):
        return False
    (place,) = (part for part in schemas_in(schema) if _refers(part, reference))
    beside = place.keys() - {"$ref"}
    return place is not schema and beside <= _ANNOTATIONS and beside.isdisjoint(definition)


def _put(schema: Any, reference: str, definition: dict[str, Any]) -> Any:
    if not isinstance(schema, dict):
        return schema
    if _refers(schema, reference):
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return {**beside, **definition}
    return map_schemas(schema, lambda part, _: _put(part, reference, definition))


def _without(schema: dict[str, Any], key: str, name: str) -> dict[str, Any]:
    left = {n: part for n, part in schema[key].items() if n != name}
    return {k: left if k == key else v for k, v in schema.items() if k != key or left}


def _references(value: Any) -> int:
    """How often `$ref` stands anywhere, at the place of a schema or not."""
    if isinstance(value, list):
        return sum(map(_references, value))
    if not isinstance(value, dict):
        return 0
    return isinstance(value.get("$ref"), str) + sum(map(_references, value.values()))


def _refers(part: dict[str, Any], reference: str) -> bool:
    return _is_reference(part) and part["$ref"] == reference


def _is_reference(part: dict[str, Any]) -> bool:
    return isinstance(part.get("$ref"), str)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
