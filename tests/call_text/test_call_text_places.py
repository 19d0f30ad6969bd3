"""Where names and arguments stand: what weights and reports of faults rely on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.call_text.base import CallParser, Reader
from agentdata.call_text.brackets import elements_of
from agentdata.call_text.json_calls import JsonCalls
from agentdata.call_text.parameter_calls import function_calls, keyed_calls
from agentdata.call_text.python_calls import PythonCalls

LFM2 = PythonCalls("<s>", "</s>")


def read(style: CallParser, text: str) -> Reader:
    reader = Reader(text)
    style.read(reader, style.find(text, 0))
    return reader


@pytest.mark.parametrize(
    ("style", "text", "calls", "faults"),
    [
        (LFM2, "<s>[f(a=1, b='x' ), g.h()]</s>", [("f", "a=1, b='x' "), ("g.h", "")], []),
        (LFM2, "<s>f(é=1)\ng(b=2); h()</s>", [("f", "é=1"), ("g", "b=2"), ("h", "")], []),
        (LFM2, "<s>[Get Weather(page-size=true), v1/list(from=null)]</s>",
         [("Get Weather", "page-size=true"), ("v1/list", "from=null")], []),
        (LFM2, "<s>[f(**{'a b': 1})]</s>", [("f", "**{'a b': 1}")], []),
        (LFM2, "<s>[f(1, a=2)]</s>", [("f", "a=2")], [("positional_argument", "1")]),
        (LFM2, "<s>[f(a={1}, b=b'x')]</s>", [("f", "a={1}, b=b'x'")],
         [("no_literal", "a={1}"), ("no_literal", "b=b'x'")]),
        (LFM2, "<s>[f(a=1, a=2)]</s>", [("f", "a=1, a=2")], [("repeated_argument", "a=2")]),
        (LFM2, "<s>[f(a=1]</s>", [], [("bad_python", "[f(a=1]")]),
        (JsonCalls("<s>", "</s>"), '<s>{"name": "f", "arguments": {"a": "x\ny"}}</s>',
         [("f", '{"a": "x\ny"}')],
         [("control_character", '{"name": "f", "arguments": {"a": "x\ny"}}')]),
        (JsonCalls("<s>", "</s>"), "<s>[{'name': 'f', 'arguments': {'a': '},'}}]</s>",
         [("f", "{'a': '},'}")],
         [("python_literal", "[{'name': 'f', 'arguments': {'a': '},'}}]")]),
        (function_calls(lines=True), "<function=f>\n<parameter=a>\n1\n</parameter>\n</function>",
         [("f", "<parameter=a>\n1\n</parameter>")], []),
        (keyed_calls("arg"),
         "<tool_call>f\n<arg_key>a</arg_key>\n<arg_value>1</arg_value>\n</tool_call>",
         [("f", "<arg_key>a</arg_key>\n<arg_value>1</arg_value>")], []),
    ],
)  # fmt: skip
def test_places(
    style: CallParser, text: str, calls: list[tuple[str, str]], faults: list[tuple[str, str]]
) -> None:
    reader = read(style, text)
    found = [(text[slice(*c.name)], text[slice(*c.arguments)]) for c in reader.calls]
    assert found == calls
    assert [(fault.code, text[fault.start : fault.end]) for fault in reader.faults] == faults


def test_only_a_style_that_writes_cdata_takes_it_off() -> None:
    text = "<function=f><parameter=a><![CDATA[x]]></parameter></function>"
    assert read(function_calls(lines=False), text).calls[0].call.arguments == {"a": "<![CDATA[x]]>"}


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(st.lists(VALUE, max_size=4), st.sampled_from([json.dumps, repr]))
def test_elements_of_a_written_list_are_its_items(values: list[Any], write: Any) -> None:
    text = f"[{', '.join(map(write, values))}]"
    cut = elements_of(text, 1, len(text))
    assert cut is not None
    assert ([text[a:b] for a, b in cut[0]], cut[1]) == ([*map(write, values)], len(text))


@given(st.lists(st.tuples(st.sampled_from("abcd"), VALUE), unique_by=lambda pair: pair[0]))
def test_python_calls_have_the_values_and_places_written(pairs: list[tuple[str, Any]]) -> None:
    inside = ", ".join(f"{key}={value!r}" for key, value in pairs)
    (found,) = read(LFM2, f"<s>[f({inside})]</s>").calls
    assert found.call.arguments == dict(pairs)
    assert found.arguments == (6, 6 + len(inside))
