"""Values written as text."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.errors import RowError
from agentdata.literals import MAX_CHARS, read_text_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": true}', {"a": True}),
        ("{'a': True, 'b': None}", {"a": True, "b": None}),
        ("[('a', 1.5)]", [["a", 1.5]]),
        ("  ['it\\'s']\n", ["it's"]),
        (r"['\d']", [r"\d"]),
    ],
)
def test_json_or_a_literal(text: str, value: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_text_value(text, "") == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "words",
        "__import__('os').getcwd()",
        "[x for x in y]",
        "f'{1}'",
        "b'bytes'",
        "{1, 2}",
        "{1: 2}",
        "3j",
        "...",
        "'\\ud800'",
        "'a\0b'",
        "9" * 5000,
        "[" * 1000,
        "-" * 100_000 + "1",
        "(" * 50_000 + ")" * 50_000,
        "'" + "x" * MAX_CHARS + "'",
    ],
    ids=lambda text: text[:12],
)
def test_anything_else_is_a_bad_literal(text: str) -> None:
    with pytest.raises(RowError) as caught:
        read_text_value(text, "/conversations")
    assert (caught.value.code, caught.value.pointer) == ("bad_literal", "/conversations")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda v: st.lists(v) | st.dictionaries(st.text(), v),
    )
)
def test_what_python_prints_reads_back(value: Any) -> None:
    assert read_text_value(repr([value]), "") == [value]
