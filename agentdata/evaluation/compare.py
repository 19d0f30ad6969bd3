"""Whether an argument's value is one of those that are right."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from agentdata.evaluation import bfcl
from agentdata.json_text import JsonError, loads

Same = Callable[[Any, Any], bool]


class Compare(StrEnum):
    """When two values are the same. Keys of objects never have an order, lists always do."""

    STRICT = "strict"
    """Types and code points agree: 1 is not 1.0."""
    JSON = "json"
    """As JSON sees it: 1 is 1.0, but neither true nor "1"; strings by their NFC form."""
    LOOSE = "loose"
    """Also "1" is 1 and "true" is true; strings without case, width (NFKC) and outer space."""
    BFCL = "bfcl"
    """As the checker of the Berkeley Function Calling Leaderboard for Python."""


def is_right(value: Any, options: Sequence[Any], compare: Compare, schema: Any = None) -> bool:
    """Whether the value is one of the options (see `expected.ACCEPTED`).

    `schema` is what the tool declares of the parameter, which counts for BFCL alone.

    >>> is_right(1.0, [1, 2], Compare.JSON), is_right(1.0, [1, 2], Compare.STRICT)
    (True, False)
    """
    if compare is Compare.BFCL:
        return bfcl.is_right(value, options, schema if isinstance(schema, dict) else {})
    same = _SAME[compare]
    return any(_accepts(value, option, same) for option in options)


def same_text(one: str, other: str, compare: Compare) -> bool:
    """Whether two texts are the same."""
    if compare is Compare.BFCL:
        return bool(bfcl.plain(one) == bfcl.plain(other))
    same: Same = _SAME[compare]
    return same(one, other)


def _accepts(value: Any, option: Any, same: Same) -> bool:
    if isinstance(option, dict):
        return (
            isinstance(value, dict)
            and value.keys() <= option.keys()
            and all(
                any(_accepts(value[key], one, same) for one in _list(options))
                if key in value
                else "" in _list(options)
                for key, options in option.items()
            )
        )
    if isinstance(option, list):
        return (
            isinstance(value, list)
            and len(value) == len(option)
            and all(_accepts(a, b, same) for a, b in zip(value, option, strict=True))
        )
    return same(value, option)


def _list(options: Any) -> list[Any]:
    return options if isinstance(options, list) else [options]


def _strict(one: Any, other: Any) -> bool:
    return type(one) is type(other) and _equal(one, other)


def _json(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
    if _is_number(one) and _is_number(other):
        return _equal(one, other)
    return _strict(one, other)


def _loose(one: Any, other: Any) -> bool:
    one, other = _meant(one), _meant(other)
    return _json(_folded(one), _folded(other))


def _equal(one: Any, other: Any) -> bool:
    # NaN is right where the reference says NaN.
    return bool(one == other or (one != one and other != other))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _meant(value: Any) -> Any:
    """The number, boolean or null that a text writes; any other value as it is."""
    if not isinstance(value, str):
        return value
    try:
        meant = loads(value.strip().lower())
    except JsonError:
        return value
    return value if isinstance(meant, str | list | dict) else meant


def _folded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return unicodedata.normalize("NFKC", value).strip().casefold()


_SAME: dict[Compare, Same] = {
    Compare.STRICT: _strict,
    Compare.JSON: _json,
    Compare.LOOSE: _loose,
}
