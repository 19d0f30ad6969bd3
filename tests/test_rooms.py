"""Imports between the rooms that read rows, write prompts and parse calls go downwards only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import agentdata

HOUSE = Path(agentdata.__file__).parent
BARRED = {
    "call_text": ("formats", "templates", "loss_scale", "tokenization", "intake"),
    "formats": ("templates", "loss_scale", "tokenization", "intake"),
    "templates": ("formats", "loss_scale", "tokenization", "intake"),
}


@pytest.mark.parametrize("room", BARRED)
def test_nothing_imports_upwards(room: str) -> None:
    upwards = [
        (file.name, node.module)
        for file in sorted((HOUSE / room).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith(tuple(f"agentdata.{one}" for one in BARRED[room]))
    ]
    assert list((HOUSE / room).glob("*.py"))
    assert upwards == []
