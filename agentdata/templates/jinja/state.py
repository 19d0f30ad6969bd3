"""What a running template remembers in its variables, to be compared and put back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Undefined
from jinja2.runtime import Macro
from jinja2.utils import Namespace

from agentdata.templates.jinja.watched import Messages

_SIMPLE = frozenset({str, int, float, bool, type(None)})
_ATTRIBUTES = "_Namespace__attrs"

Spaces = dict[str, dict[str, Any]]
"""The attributes of namespaces, by the name of the variable."""


def spaces(variables: Mapping[str, Any]) -> Spaces:
    """The attributes of all namespaces among the variables, as they are now."""
    return {
        name: dict(getattr(value, _ATTRIBUTES))
        for name, value in variables.items()
        if isinstance(value, Namespace)
    }


def put_back(variables: Mapping[str, Any], saved: Spaces) -> None:
    """Give the namespaces the attributes that they had."""
    for name, attributes in saved.items():
        now = getattr(variables[name], _ATTRIBUTES)
        now.clear()
        now.update(attributes)


def can_be_kept(saved: Spaces) -> bool:
    """Whether attributes mean the same in another render."""
    return all(_is_data(value) for attributes in saved.values() for value in attributes.values())


def same_variables(
    one: Mapping[str, Any], one_spaces: Spaces, other: Mapping[str, Any], other_spaces: Spaces
) -> bool:
    """Whether the variables of two renders hold the same, the namespaces among them as given."""
    if one.keys() != other.keys() or one_spaces.keys() != other_spaces.keys():
        return False
    for variables in (one, other):
        if len({id(variables[name]) for name in one_spaces}) < len(one_spaces):
            return False  # names of one and the same
    return all(
        _same(one_spaces[name], other_spaces[name])
        if name in one_spaces
        else _same(value, other[name])
        for name, value in one.items()
    )


def _is_data(value: Any) -> bool:
    kind = type(value)
    if kind in _SIMPLE:
        return True
    if kind is list or kind is tuple:
        return all(map(_is_data, value))
    return kind is dict and all(map(_is_data, value.values()))


def _same(one: Any, other: Any) -> bool:
    """Whether no template could tell two values apart; False where that is not known."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in _SIMPLE:
        return repr(one) == repr(other) if kind is float else bool(one == other)
    if kind is Messages:
        return bool(one._start == other._start)
    if kind is list or kind is tuple:
        return len(one) == len(other) and all(map(_same, one, other))
    if kind is dict:
        return _same(list(one), list(other)) and all(map(_same, one.values(), other.values()))
    if kind is Macro:  # the variables that it reads are compared by themselves
        return one._func.__code__ is other._func.__code__
    if isinstance(one, Undefined):
        return one._undefined_name == other._undefined_name and one._undefined_obj is (
            other._undefined_obj
        )
    return False
