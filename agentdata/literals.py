"""Values written as text: JSON first, else a Python literal, which is never run."""

from __future__ import annotations

import ast
import warnings
from typing import Any

from agentdata.errors import RowError
from agentdata.json_text import JsonError, loads

_JSON_WORDS = {"true": True, "false": False, "null": None}
MAX_CHARS = 8_000_000
"""Longer literals are refused: the parser needs about a hundred times their size."""


def read_text_value(text: str, pointer: str) -> Any:
    """The JSON-like value that `text` writes as JSON or as a Python literal.

    Tuples become lists, and a literal may hold JSON's `true`, `false` and `null`. Raises RowError
    `bad_literal` where it is neither, or where the literal has no counterpart in JSON (bytes, sets,
    complex numbers, keys that are no strings).

    >>> read_text_value("[{'from': 'user', 'value': None}]", "/conversations")
    [{'from': 'user', 'value': None}]
    """
    try:
        return loads(text)
    except JsonError:
        pass
    if len(text) > MAX_CHARS:
        raise RowError(
            "bad_literal",
            f"neither JSON nor a Python literal of at most {MAX_CHARS} characters",
            pointer=pointer,
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in data is no concern of the reader's
            tree = ast.parse(text.strip(), mode="eval")
            return _json_like(ast.literal_eval(_JsonWords().visit(tree)))
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise RowError(
            "bad_literal", f"neither JSON nor a Python literal: {reason}", pointer=pointer
        ) from None


class _JsonWords(ast.NodeTransformer):
    """Puts the constants that JSON's words mean in their place."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(_JSON_WORDS[node.id]) if node.id in _JSON_WORDS else node


def _json_like(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        value.encode()  # UnicodeEncodeError is a ValueError
        return value
    if isinstance(value, list | tuple):
        return [_json_like(item) for item in value]
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"a key is no string but {type(key).__name__}")
            key.encode()
        return {key: _json_like(item) for key, item in value.items()}
    raise TypeError(f"a {type(value).__name__} has no counterpart in JSON")
