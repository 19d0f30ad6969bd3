"""The types of a row are checked as the model of its format says."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from agentdata.errors import RowError
from agentdata.formats import FORMATS
from agentdata.formats.common.values import check

MODELS = {format_.row_model for format_ in FORMATS.values()}
STRANGE: tuple[Any, ...] = (
    object(),
    1,
    [object()],
    [{}],
    {"a": object()},
    [{"role": 1, "from": 1}],
)


def fault(model: type[BaseModel], row: dict[str, Any]) -> str:
    try:
        model.model_validate(row)
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    return ""


@pytest.mark.parametrize(
    "model", sorted(MODELS, key=lambda m: m.__name__), ids=lambda m: m.__name__
)
def test_a_fault_is_the_one_of_the_model(model: type[BaseModel]) -> None:
    rows = [{}, *({name: value} for name in model.model_fields for value in STRANGE)]
    for row in rows:
        expected, found = fault(model, row), ""
        try:
            check(model, row)
        except RowError as error:
            found = error.message.partition(": ")[2]
        assert found == expected, row
