"""Tools in fewer tokens: what their schemas say without saying anything goes.

What stays: every name, type, bound, choice, default and example, and every title and description
that says more than the name that it stands under. What goes never changes which arguments are
valid:

- words that say nothing: a `title` or `description` of a parameter that repeats its name or is
  empty, a title of all parameters that is that word, or the tool's name and a word like it,
  `$comment`, and `$schema` where all drafts read the schema alike;
- words that hold for every value: `required: []`, `minLength: 0`, `uniqueItems: false`,
  `additionalProperties: true` and their like; a name or choice that is listed again;
- a definition that nothing refers to; one that is referred to once stands in the place of that;
- white space: the indentation that all lines of a description share, blanks at ends of lines, more
  than one empty line.
"""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Any

from agentdata.conversation import ToolSpec
from agentdata.formats.common.tools import NAME_KEYS, PARAMETER_KEYS, read_tool
from agentdata.json_text import dumps
from agentdata.tool_choice.definitions import inlined
from agentdata.tool_choice.walk import map_schemas, schemas_in, words_of

_WRAPPERS = ("function", "plugin_schema_for_model", "toolSpec")
_SAYS_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("minLength", "minItems", "minProperties"), 0),
    **dict.fromkeys(("uniqueItems", "nullable", "deprecated", "readOnly", "writeOnly"), False),
    **{key: {} for key in ("patternProperties", "dependentRequired", "dependentSchemas")},
    **{key: [] for key in ("required", "examples")},
}
_ALIKE_IN_ALL_DRAFTS = frozenset(
    {
        *("$schema", "$comment", "title", "description", "default", "examples"),
        *("type", "enum", "const", "properties", "required", "items", "additionalProperties"),
        *("anyOf", "allOf", "oneOf", "not", "minimum", "maximum", "multipleOf", "pattern"),
        *("minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "format"),
        *("minProperties", "maxProperties", "patternProperties"),
    }
)
_OLD_DRAFT = re.compile(r"draft-0[34]")
"""Drafts in which 1.0 is no integer, and `const` and `exclusiveMinimum` are not what they are."""
_TITLE_WORDS = ("", "Arguments", "Args", "Input", "Parameters", "Params", "Schema")
_BLANKS = re.compile(r"[ \t\r]+$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")
_NO_LETTERS = re.compile(r"[\W_]+")


def compact_tool(tool: ToolSpec) -> ToolSpec:
    """The tool in fewer tokens, valid for the same arguments; the same object where nothing of it
    can go."""
    raw = _tool(tool.raw)
    if raw == tool.raw:
        return tool
    made = read_tool(raw, "")
    return ToolSpec(tool.name, made.description, made.parameters, raw)


def _tool(raw: dict[str, Any]) -> dict[str, Any]:
    """A tool, or what it is wrapped in."""
    name = next((raw[key] for key in NAME_KEYS if isinstance(raw.get(key), str)), "")
    return {key: _field(key, value, name) for key, value in raw.items()}


def _field(key: str, value: Any, tool: str) -> Any:
    if key == "description" and isinstance(value, str):
        return _text(value)
    if not isinstance(value, dict):
        return value
    if key in _WRAPPERS:
        return _tool(value)
    if key not in PARAMETER_KEYS:
        return value
    if list(value) == ["json"] and isinstance(value["json"], dict):
        return {"json": compact(value["json"], tool)}
    return compact(value, tool)


def compact(schema: dict[str, Any], tool: str = "") -> dict[str, Any]:
    """A JSON Schema of a tool's parameters in fewer words that is valid for the same values; or a
    flat mapping {name of the parameter: schema} with each of its schemas so.

    >>> compact({"type": "object", "required": [], "properties": {
    ...     "city_name": {"type": "string", "title": "City Name", "minLength": 0}}})
    {'type': 'object', 'properties': {'city_name': {'type': 'string'}}}
    """
    if _is_flat(schema):
        return {name: _shorter(value, str(name), frozenset()) for name, value in schema.items()}
    words = frozenset(words_of(schema))
    kept: set[str] = set()
    if any(word.startswith("unevaluated") for word in words):
        # What `additionalProperties` has seen counts as evaluated.
        kept.add("additionalProperties")
    if not words <= _ALIKE_IN_ALL_DRAFTS or _is_special(schema):
        kept.add("$schema")
    shorter = _shorter(schema, "parameters", frozenset(kept))
    if _is_made_of(shorter.get("title"), tool):
        del shorter["title"]
    return inlined(shorter)


def _is_made_of(title: Any, tool: str) -> bool:
    """Whether a title is the tool's name, or what libraries make of it: `get_tideArguments`."""
    if not isinstance(title, str) or not tool:
        return False
    return any(_repeats(title, tool + word) for word in _TITLE_WORDS)


def _is_special(schema: dict[str, Any]) -> bool:
    """Whether words that all drafts have mean something of their own in this schema's draft."""
    if any(isinstance(part.get("items"), list) for part in schemas_in(schema)):
        return True
    draft = schema.get("$schema")
    return isinstance(draft, str) and _OLD_DRAFT.search(draft) is not None


def _is_flat(schema: dict[str, Any]) -> bool:
    """Whether the keys are names of parameters rather than words of JSON Schema."""
    if not schema or isinstance(schema.get("properties"), dict):
        return False
    return all(isinstance(value, dict) for value in schema.values())


def _shorter(schema: Any, name: str, kept: frozenset[str]) -> Any:
    """A schema that stands under `name`, without the words that say nothing."""
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for key, value in map_schemas(schema, lambda part, under: _shorter(part, under, kept)).items():
        if key in ("required", "enum") and isinstance(value, list):
            value = list({dumps(item): item for item in value}.values())
        elif key == "description" and isinstance(value, str):
            value = _text(value)
        if key in kept or not _is_empty(key, value, name):
            out[key] = value
    return out


def _is_empty(key: str, value: Any, name: str) -> bool:
    if key in ("$schema", "$comment"):
        return isinstance(value, str)
    if key in ("title", "description"):
        return isinstance(value, str) and (not value.strip() or _repeats(value, name))
    if key == "additionalProperties":
        return value is True or value == {}
    nothing = _SAYS_NOTHING.get(key)
    return nothing is not None and type(value) is type(nothing) and bool(value == nothing)


def _repeats(text: str, name: str) -> bool:
    letters = _NO_LETTERS.sub("", text).lower()
    return bool(letters) and letters == _NO_LETTERS.sub("", name).lower()


def _text(text: str) -> str:
    """A description without white space that says nothing; what is indented under a line stays so.

    >>> _text("Books a flight.  \\n\\n\\n    Notes:\\n      - not refundable\\n")
    'Books a flight.\\n\\nNotes:\\n  - not refundable'
    """
    first, _, rest = text.strip().partition("\n")
    whole = f"{first}\n{dedent(rest)}" if rest else first
    return _EMPTY_LINES.sub("\n\n", _BLANKS.sub("", whole))
