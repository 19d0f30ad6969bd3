"""What a tool's schema says of a parameter: text, no text, or not known."""

from __future__ import annotations

from typing import Any

import pytest

from agentdata.call_text.declared import declared_text
from agentdata.conversation import ToolSpec


@pytest.mark.parametrize(
    ("schema", "answers"),
    [
        ({"type": "string"}, {True}),
        ({"type": ["string"]}, {True}),
        ({"type": "integer"}, {False}),
        ({"type": ["integer", "null"]}, {False}),
        ({"type": ["string", "null"]}, {True, False}),
        ({}, {True, False}),
        ({"type": [{}]}, {True, False}),
        (None, {True, False}),
    ],
)
def test_declared_text(schema: Any, answers: set[bool]) -> None:
    tool = ToolSpec("f", "", {"properties": {"a": schema}}, {})
    given = {declared_text([tool], unsure=unsure)(0, "f", "a") for unsure in (True, False)}
    assert given == answers


def test_other_tools_and_keys_are_not_known() -> None:
    tool = ToolSpec("f", "", {"properties": {"a": {"type": "string"}}}, {})
    is_text = declared_text([tool], unsure=False)
    assert not is_text(0, "f", "b")
    assert not is_text(0, "g", "a")
