"""Values as the checker of the Berkeley Function Calling Leaderboard compares them for Python.

Source: the rules of `ast_checker` in the project's package `bfcl-eval`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_TYPES: dict[str, type] = {
    "string": str,
    "any": str,
    "integer": int,
    "float": float,
    "number": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "object": dict,
}
_IGNORED = re.compile(r"[ ,./\-_*^]")


def is_right(value: Any, options: Sequence[Any], schema: Mapping[str, Any]) -> bool:
    """Whether a value is among the options, by the type that the parameter declares.

    An integer does for a float; strings count without case, spaces and `,./-_*^`, and with either
    quote. A value that has the options' type rather than the declared one (a variable's name)
    has to be among them to the letter.
    """
    declared = _declared(schema, options)
    if declared is float and type(value) is int:
        value = float(value)
    given = _type_of(options)
    items = _item_type(schema) if declared is list else None
    if type(value) is declared:
        if items is not None and not _items_fit(value, options, items):
            return False
        is_variable = given not in (None, declared)
    elif type(value) is given:
        is_variable = True
    else:
        return False
    if is_variable:
        return value in options or (
            isinstance(value, dict | list) and any(_is_same(value, option) for option in options)
        )
    if declared is dict:
        return any(_dict_is_right(value, option) for option in options if option != "")
    if declared is list and items is dict:
        return any(_dicts_are_right(value, option) for option in options)
    if declared is str:
        return plain(value) in [plain(option) for option in options if isinstance(option, str)]
    if declared is list:
        return any(_list_is_right(value, option) for option in options)
    return value in options


def plain(value: Any) -> Any:
    """A string without what does not count; any other value as it is.

    >>> plain("April 1, 2024 'x'")
    'april12024"x"'
    """
    if not isinstance(value, str):
        return value
    return _IGNORED.sub("", value).lower().replace("'", '"')


def _declared(schema: Mapping[str, Any], options: Sequence[Any]) -> type:
    name = schema.get("type")
    known = _TYPES.get(name) if isinstance(name, str) else None
    return known or _type_of(options) or str


def _type_of(options: Sequence[Any]) -> type | None:
    """The type of the first option that is no sign for "may be left out"."""
    return next((type(option) for option in options if option != ""), None)


def _item_type(schema: Mapping[str, Any]) -> type | None:
    items = schema.get("items")
    name = items.get("type") if isinstance(items, dict) else None
    return _TYPES.get(name) if isinstance(name, str) else None


def _items_fit(value: Any, options: Sequence[Any], items: type) -> bool:
    """Whether every item has the declared type, or that of the items of one of the options."""
    return any(
        not isinstance(option, list)
        or all(type(item) in (items, _type_of(option)) for item in value)
        for option in options
    )


def _dict_is_right(value: Any, option: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(option, dict):
        return False
    if any(key not in option for key in value):
        return False
    return all(
        any(_is_same(value[key], one) for one in options) if key in value else "" in options
        for key, options in ((key, _listed(values)) for key, values in option.items())
    )


def _listed(options: Any) -> list[Any]:
    return options if isinstance(options, list) else [options]


def _dicts_are_right(value: Any, option: Any) -> bool:
    return len(value) == len(option) and all(
        _dict_is_right(one, other) for one, other in zip(value, option, strict=True)
    )


def _list_is_right(value: Any, option: Any) -> bool:
    # "" stands for a value that may be left out, which the checker takes for an empty list.
    items = option if isinstance(option, list | str) else [option]
    return len(value) == len(items) and all(
        _is_same(one, other) for one, other in zip(value, items, strict=True)
    )


def _is_same(value: Any, option: Any) -> bool:
    """What lies deeper is compared as it stands, or, beyond what the checker does, by options."""
    if plain(value) == plain(option):
        return True
    if isinstance(value, dict):
        return _dict_is_right(value, option)
    return isinstance(value, list) and isinstance(option, list) and _list_is_right(value, option)
