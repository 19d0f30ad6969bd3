"""Calls in Python's syntax, as several sources write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.conversation import ToolCall
from agentdata.formats.common.python_calls import read_python_calls

CALLS: list[tuple[str, list[tuple[str, dict[str, Any] | str]]]] = [
    ("f()", [("f", {})]),
    ('[f(a=1, b="x"), g.h()]', [("f", {"a": 1, "b": "x"}), ("g.h", {})]),
    ("f(a=1), f(a=2)", [("f", {"a": 1}), ("f", {"a": 2})]),
    (" [ f ( a = 1 , ) , ] ", [("f", {"a": 1})]),
    ("[f(a=[1, {'k': (2, -3.5)}])]", [("f", {"a": [1, {"k": [2, -3.5]}]})]),
    ("[f(a=true, b={'c': null, \"d\": False})]", [("f", {"a": True, "b": {"c": None, "d": False}})]),
    ("[f(a=\"x), g(b='y']\", b='say \\'hi\\'')]", [("f", {"a": "x), g(b='y']", "b": "say 'hi'"})]),
    ("[f(a='''two\nlines''')]", [("f", {"a": "two\nlines"})]),
    ("[Get Weather(city='巴黎'), v1/list-all(page-size=2, from='a')]",
     [("Get Weather", {"city": "巴黎"}), ("v1/list-all", {"page-size": 2, "from": "a"})]),
    ("f(**{'a b': 1}, c=2)", [("f", {"a b": 1, "c": 2})]),
    ("sort('x.txt', reverse=True)", [("sort", {"file": "x.txt", "reverse": True})]),
    # What cannot be told stays as it stands.
    ("f(1)", [("f", "1")]),
    ("f(a=g(1))", [("f", "a=g(1)")]),
    ("f(a=x + 1)", [("f", "a=x + 1")]),
    ("f(a=__import__('os').getcwd())", [("f", "a=__import__('os').getcwd()")]),
    ("f(a=1, a=2)", [("f", "a=1, a=2")]),
    ("f(a={1, 2})", [("f", "a={1, 2}")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "calls"), CALLS, ids=[text for text, _ in CALLS])
def test_calls_of(text: str, calls: list[tuple[str, dict[str, Any] | str]]) -> None:
    expected = tuple(ToolCall(name, arguments) for name, arguments in calls)
    assert read_python_calls(text, {"sort": ["file", "reverse"]}) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[,]",
        "I am not sure.",
        "Call me (later)",
        "[Call me (later)]",
        "f(a=1) is what I would call",
        "[f(a=1)] and more",
        "[f(a=1)",
        "[f(a='1)]",
        "[f(a=1]]",
        "[1, 2]",
        '[{"name": "f"}]',
        "[f(a=1), 2]",
        "f(a=1)]",
    ],
)
def test_no_calls_in(text: str) -> None:
    assert read_python_calls(text) is None


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
NAME = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)


@given(st.lists(st.tuples(NAME, st.dictionaries(NAME, VALUE, max_size=3)), min_size=1, max_size=3))
def test_written_calls_read_the_same(calls: list[tuple[str, dict[str, Any]]]) -> None:
    written = [f"{n}({', '.join(f'{k}={v!r}' for k, v in a.items())})" for n, a in calls]
    expected = tuple(ToolCall(name, arguments) for name, arguments in calls)
    assert read_python_calls(", ".join(written)) == expected
    assert read_python_calls(f"[{', '.join(written)}]") == expected


@given(st.text("f(a=1)[]{},'\" \\.", max_size=30))
def test_any_text_is_calls_or_not(text: str) -> None:
    calls = read_python_calls(text)
    assert calls is None or all(call.name for call in calls)
