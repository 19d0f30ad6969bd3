"""Every code that a row can be rejected or filtered with is explained."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import agentdata
from agentdata.checks import CHECKS
from agentdata.reasons import REASONS

PACKAGE = Path(agentdata.__file__).parent
OTHER_COMMANDS = {"no_prediction", "not_representable"}
"""Codes of rows that `convert` cannot write and `eval` cannot judge."""
PLACES = {"RowError": 0, "BadRow": 1}
"""Where the code stands among the arguments."""


def codes() -> Iterator[str]:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name in PLACES and len(node.args) > PLACES[name]:
                code = node.args[PLACES[name]]
                if isinstance(code, ast.Constant):
                    yield str(code.value)


def test_every_code_of_the_sources_is_explained() -> None:
    found = set(codes())
    assert len(found) > 40
    assert found - REASONS.keys() - CHECKS.keys() == OTHER_COMMANDS


def test_explanations_are_one_short_line() -> None:
    for code, text in REASONS.items():
        assert text.endswith(".") and "\n" not in text and len(text) < 130, code
