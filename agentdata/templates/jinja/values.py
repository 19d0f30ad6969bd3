"""Values of the data as a template sees them: strings that know their source, in dicts and lists
that know it too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from agentdata.templates.jinja.limits import check_width
from agentdata.templates.jinja.origin import Field, Mark, Origin, of
from agentdata.templates.jinja.text import Text, computed, derived, from_mark, joined


class Dict(dict[Any, Any]):
    """A mapping of the data."""

    __slots__ = ("_origin",)
    _origin: Origin


class List(list[Any]):
    """A list of the data."""

    __slots__ = ("_origin",)
    _origin: Origin


_NUMBERS = (int, float)

Texts = dict[tuple[Any, ...], Any]
"""JSON texts of a value, by the way in which they are written."""
MOST_TEXTS = 16


class PlainKept(dict[Any, Any]):
    """A mapping in plain Python types that is kept for many rows; remembers its JSON texts."""

    __slots__ = ("texts",)
    texts: Texts


class Kept(Dict):
    """A mapping of the data that is kept for many rows; remembers its JSON texts. `plain` is the
    same in plain Python types."""

    __slots__ = ("plain", "texts")
    texts: Texts
    plain: PlainKept


_SOURCED = (*_NUMBERS, Dict, List)


def traced(value: Any, origin: Origin) -> Any:
    """The value with its source noted in all strings, mappings and lists."""
    return _traced(value, of(origin))


def _traced(value: Any, mark: Mark) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, Text) else from_mark(value, mark)
    if value is None or isinstance(value, _SOURCED):
        return value
    if isinstance(value, (dict, Mapping)):  # dict first: few are any other
        mapping = Dict({_traced(k, mark): _traced(v, mark) for k, v in value.items()})
        mapping._origin = mark[0]
        return mapping
    if isinstance(value, list | tuple):
        items = List([_traced(item, mark) for item in value])
        items._origin = mark[0]
        return items
    return value


def untraced(value: Any) -> Any:
    """The same value in plain Python types."""
    if isinstance(value, str):
        return str.__str__(value) if isinstance(value, Text) else value
    if value is None or isinstance(value, _NUMBERS):
        return value
    if isinstance(value, (dict, Mapping)):  # dict first: few are any other
        return {untraced(key): untraced(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [untraced(item) for item in value]
    return value


def message_of(value: Any) -> int | None:
    """The index of the message that a mapping is, or was made from; None if it is none."""
    if isinstance(value, Dict):
        return value._origin.message if value._origin.field is Field.MESSAGE else None
    if not isinstance(value, Mapping) or "role" not in value:
        return None
    for key in ("role", "content", "tool_calls"):
        for mark in sorted(_marks(value.get(key)), key=str):
            if mark[0].message is not None:
                return mark[0].message
    return None


def as_text(value: Any) -> Text:
    """What a template prints for a value, as `str` would write it."""
    if isinstance(value, str):
        return value if type(value) is Text else Text(value, getattr(value, "runs", None))
    if isinstance(value, dict | list | tuple):
        return _written(value, str(value), _python_pieces)
    return computed(str(value))


def as_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | str | None = None,
    separators: Any = None,
    sort_keys: bool = False,
) -> Text:
    """The `tojson` of chat templates: Python's `json.dumps`, HTML left alone."""
    if isinstance(indent, int):
        check_width(indent)
    if isinstance(separators, list):
        separators = tuple(separators)
    way = (ensure_ascii, indent, separators, sort_keys)
    if isinstance(value, Kept) and way in value.texts:
        known: Text = value.texts[way]
        return known
    options = {
        "ensure_ascii": ensure_ascii,
        "indent": indent,
        "separators": separators,
        "sort_keys": sort_keys,
    }
    native = json_encoder(*way).encode(value)

    def pieces(inner: Any) -> Iterable[str] | None:
        return _json_pieces(inner, options)

    text = _written(value, native, pieces)
    if isinstance(value, Kept) and len(value.texts) < MOST_TEXTS:
        value.texts[way] = text
    return text


@lru_cache(64)
def json_encoder(
    ensure_ascii: bool,
    indent: int | str | None,
    separators: tuple[str, str] | None,
    sort_keys: bool,
) -> json.JSONEncoder:
    """What `json.dumps` makes anew for each value."""
    return json.JSONEncoder(
        ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _written(value: Any, native: str, pieces: Any) -> Text:
    """`native`, the text of `value`, with its sources."""
    marks = _marks(value)
    if len(marks) == 1:
        return Text(native, ((len(native), marks.pop()),)) if native else Text("", ())
    if not marks:
        return computed(native)
    parts = pieces(value)
    if parts is not None:
        whole = joined([p if isinstance(p, Text) else computed(p) for p in parts])
        if str.__eq__(whole, native):
            return whole
    return derived(native, [Text("?", ((1, mark),)) for mark in marks])


def _marks(value: Any) -> set[Mark]:
    """The sources of all strings within a value."""
    if isinstance(value, Text):
        return {mark for _, mark in value.runs}
    if isinstance(value, Dict | List) and value._origin.field is not Field.MESSAGE:
        return {of(value._origin)}
    found: set[Mark] = set()
    if isinstance(value, Mapping):
        for key, item in value.items():
            found |= _marks(key) | _marks(item)
    elif isinstance(value, list | tuple):
        for item in value:
            found |= _marks(item)
    return found


def _json_pieces(value: Any, options: dict[str, Any]) -> list[str] | None:
    """A container as JSON, in pieces with their sources; None where that is not known."""
    if options["indent"] is not None:
        return _indented_pieces(value, options, "\n")
    comma, colon = options["separators"] or (", ", ": ")
    simple = {"ensure_ascii": options["ensure_ascii"], "separators": options["separators"]}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        keys = sorted(value) if options["sort_keys"] else list(value)
        pieces: list[str] = ["{"]
        for number, key in enumerate(keys):
            pieces += [comma] if number else []
            pieces += [as_json(key, **simple), colon, as_json(value[key], **options)]
        return [*pieces, "}"]
    if isinstance(value, list | tuple):
        pieces = ["["]
        for number, item in enumerate(value):
            pieces += [comma] if number else []
            pieces.append(as_json(item, **options))
        return [*pieces, "]"]
    return None


def _indented_pieces(value: Any, options: dict[str, Any], line: str) -> list[str]:
    """JSON over several lines; `line` is what a new line of the container itself begins with."""
    indent = options["indent"]
    deeper = line + (indent if isinstance(indent, str) else " " * indent)
    comma, colon = options["separators"] or (",", ": ")
    simple = {**options, "indent": None}
    if not isinstance(value, Mapping | list | tuple) or not value:
        return [as_json(value, **simple)]
    if isinstance(value, Mapping):
        keys = sorted(value) if options["sort_keys"] else list(value)
        pieces: list[str] = ["{"]
        for number, key in enumerate(keys):
            pieces += [comma + deeper if number else deeper, as_json(key, **simple), colon]
            pieces += _indented_pieces(value[key], options, deeper)
        return [*pieces, line, "}"]
    pieces = ["["]
    for number, item in enumerate(value):
        pieces.append(comma + deeper if number else deeper)
        pieces += _indented_pieces(item, options, deeper)
    return [*pieces, line, "]"]


def _python_pieces(value: Any) -> list[str]:
    """A container as Python writes it, in pieces with their sources."""
    if isinstance(value, Mapping):
        pieces: list[str] = ["{"]
        for number, (key, item) in enumerate(value.items()):
            pieces += [", "] if number else []
            pieces += [_python(key), ": ", _python(item)]
        return [*pieces, "}"]
    opening, closing = "()" if isinstance(value, tuple) else "[]"
    pieces = [opening]
    for number, item in enumerate(value):
        pieces += [", "] if number else []
        pieces.append(_python(item))
    return [*pieces, ",)" if isinstance(value, tuple) and len(value) == 1 else closing]


def _python(value: Any) -> Text:
    if isinstance(value, str):
        return derived(repr(str.__str__(value)), (value,))
    return as_text(value) if isinstance(value, dict | list | tuple) else computed(repr(value))
