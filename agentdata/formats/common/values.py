"""Small readings of single values of a row, and the pointers to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from agentdata.errors import RowError
from agentdata.json_text import JsonError, loads
from agentdata.literals import read_text_value

ID_KEYS = ("id", "task_id", "uid", "uuid", "conversation_id", "sample_id")
_MODELS = 256
"""So many models of rows are held ready; there are fewer."""


def pointer(*parts: str | int) -> str:
    """The JSON pointer (RFC 6901) made of these parts.

    >>> pointer("a/b", 3)
    '/a~1b/3'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def first_key(mapping: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    """The first of the keys that holds something other than null."""
    for key in keys:
        if mapping.get(key) is not None:
            return key
    return None


def first_value(mapping: Mapping[str, Any], keys: Iterable[str]) -> Any:
    """What the first of the keys holds that does not hold null; None where all do."""
    for key in keys:
        value = mapping.get(key)
        if value is not None:
            return value
    return None


def row_id(row: Mapping[str, Any]) -> str:
    """The row's own id as text, "" where it has none."""
    for key in ID_KEYS:
        value = row.get(key)
        if value is None:
            continue
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


def check(model: type[BaseModel], row: dict[str, Any]) -> None:
    """Check the types of a row against the model of its format.

    Raises RowError `missing_field` or `wrong_type` at the first fault.
    """
    try:
        _validation(model)(row)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = _walk(row, fault["loc"])
        code = "wrong_type"
        if fault["type"] == "missing":
            code = "missing_field"
            place.append(fault["loc"][-1])
        raise RowError(
            code, f"{pointer(*place)}: {fault['msg']}", pointer=pointer(*place)
        ) from None


@lru_cache(_MODELS)
def _validation(model: type[BaseModel]) -> Callable[[Any], Any]:
    """What validates the fields of a model: to make the model of each row costs far more."""
    fields = model.model_fields
    shape = cast(Any, TypedDict)(
        model.__name__, {name: field.rebuild_annotation() for name, field in fields.items()}
    )
    # Not by `NotRequired[...]`: it gives for `str | list` what it gave before for `list | str`, and
    # the order of a union is that of its faults.
    shape.__required_keys__ = frozenset(
        name for name, field in fields.items() if field.is_required()
    )
    return TypeAdapter(shape).validator.validate_python


def json_or_none(text: str) -> Any:
    """The value of a JSON text, None where it is none (or null)."""
    try:
        return loads(text)
    except JsonError:
        return None


def literal_or_text(text: str) -> Any:
    """The value of a text that is JSON or a Python literal, else the text itself."""
    try:
        return read_text_value(text, "")
    except RowError:
        return text


def _walk(value: Any, location: Iterable[str | int]) -> list[str | int]:
    """The parts of a pydantic location that are places in the row; the others name the branches
    of unions, or what is missing."""
    place: list[str | int] = []
    for part in location:
        children = dict(enumerate(value)) if isinstance(value, list) else value
        if isinstance(children, dict) and part in children:
            value = children[part]
            place.append(part)
    return place
