"""Hermes text: which blocks are calls, results and tools, and what stays text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.conversation import ToolCall
from agentdata.errors import RowError
from agentdata.formats.common.hermes_text import (
    CALL_IN_TEXT,
    TOOLS_UNREAD,
    Piece,
    is_hermes,
    read_calls,
    split_blocks,
    take_tools,
)

F = ToolCall("f", {"a": 1})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\n", [("text", "plain\n")]),
        ("", []),
        ("<tool_call>1</tool_call>", [("tool_call", "1")]),
        ("a\n<tool_call>1</tool_call>\nb", [("text", "a"), ("tool_call", "1"), ("text", "b")]),
        ("<tool_call>1</tool_call> <tool_call>2</tool_call>", [("tool_call", "1"), ("tool_call", "2")]),
        ("<tool_response>1</tool_response>", [("tool_response", "1")]),
        ("<tool_call>1", [("text", "<tool_call>1")]),
        ("<tool_call> or\n<tool_call>1</tool_call>", [("text", "<tool_call> or"), ("tool_call", "1")]),
        ("1</tool_call> ", [("text", "1</tool_call> ")]),
    ],
)  # fmt: skip
def test_blocks(text: str, expected: list[tuple[str, str]]) -> None:
    assert split_blocks(text) == [Piece(*piece) for piece in expected]  # type: ignore[arg-type]


@given(st.lists(st.sampled_from(["<tool_call>", "</tool_call>", "x", " ", "\n"])).map("".join))
def test_blocks_lose_nothing_but_marks_and_the_space_around_them(text: str) -> None:
    pieces = split_blocks(text)
    marked = [f"<{p.kind}>{p.text}</{p.kind}>" if p.kind != "text" else p.text for p in pieces]
    assert "".join("".join(marked).split()) == "".join(text.split())
    assert not [p for p in pieces if p.kind != "text" and "<tool_call>" in p.text]


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ('\n{"name": "f", "arguments": {"a": 1}}\n', (F,)),
        ("{'name': 'f', 'arguments': {'a': 1}}", (F,)),
        ('{"name": "f", "arguments": "{\\"a\\": 1}"}', (F,)),
        ('[{"name": "f", "arguments": {"a": 1}}, {"name": "f", "parameters": {"a": 1}}]', (F, F)),
        ('{"name": "f", "arguments": {"a": 1}}\n{"name": "f", "arguments": {"a": 1}}', (F, F)),
        ('{"name": "f", "arguments": {"a": "two\nlines"}}', (ToolCall("f", {"a": "two\nlines"}),)),
    ],
)
def test_calls(inner: str, expected: tuple[ToolCall, ...]) -> None:
    assert read_calls(inner, "", []) == expected


@pytest.mark.parametrize(
    "inner",
    [
        '{"name": <function-name>, "arguments": <args-json-object>}',
        '{"name": "tool name here", "arguments": {...}}',
        "f(a=1)",
        "<function=f><parameter=a>1",
        "",
    ],
)
def test_a_place_for_a_call_is_none(inner: str) -> None:
    warnings: list[str] = []
    assert read_calls(inner, "", warnings) is None
    assert warnings == [CALL_IN_TEXT]


@pytest.mark.parametrize(
    "inner", ['{"name": "f", "arguments": {"a": 1}', '{"name": "f"}, "arguments": {}', '{"a": 1}']
)
def test_a_broken_call_is_a_fault(inner: str) -> None:
    with pytest.raises(RowError) as caught:
        read_calls(inner, "/messages/1", [])
    assert (caught.value.code, caught.value.pointer) == ("bad_tool_call", "/messages/1")


@pytest.mark.parametrize(
    ("text", "names", "rest"),
    [
        ('a <tools>{"name": "f"}</tools> b', ["f"], "a\n\nb"),
        ('<tools>[{"name": "f"}, {"name": "g"}]</tools>', ["f", "g"], ""),
        ('<tools>\n{"name": "f"}\n{"type": "function", "function": {"name": "g"}}\n</tools>', ["f", "g"], ""),
        ("<tools>[{'name': 'f', 'strict': True}]</tools>", ["f"], ""),
        ('in <tools></tools> tags: <tools>{"name": "f"}</tools>', ["f"], "in <tools></tools> tags:"),
        ("in <tools></tools> tags ", [], "in <tools></tools> tags "),
    ],
)  # fmt: skip
def test_tools(text: str, names: list[str], rest: str) -> None:
    tools, left = take_tools(text, "", [])
    assert ([tool.name for tool in tools], left) == (names, rest)


def test_tools_that_cannot_be_read_stay_in_the_text() -> None:
    warnings: list[str] = []
    text = '<tools>{"name": "f", "description": "say "x""}</tools>'
    assert take_tools(text, "", warnings) == ((), text)
    assert warnings == [TOOLS_UNREAD]


@pytest.mark.parametrize(
    ("text", "by_model", "expected"),
    [
        ('<tool_call>\n{"name": "f"}</tool_call>', True, True),
        ('<tool_call>\n{"name": "f"}</tool_call>', False, False),
        ("a <tool_call> is made", True, False),
        ('<tools>[{"name": "f"}]</tools>', False, True),
        ("<tools></tools>", False, False),
        ("\n<tool_response>1</tool_response>", False, True),
        ("see <tool_response>1</tool_response>", False, False),
    ],
)
def test_marks(text: str, by_model: bool, expected: bool) -> None:
    assert is_hermes(text, by_model) is expected
