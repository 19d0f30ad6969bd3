"""Actions written as text: what is a call, what stays text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.conversation import Conversation, Message
from agentdata.formats import get
from agentdata.formats.common.text_actions import (
    NOT_CLOSED,
    Style,
    command_tag,
    execute_tags,
    function_tags,
    last_block,
    only_bash_block,
    take_actions,
)

STYLES: dict[str, Style] = {
    "function": function_tags,
    "execute": execute_tags,
    "command": command_tag,
    "last": last_block,
    "bash": only_bash_block,
}


@pytest.mark.parametrize(
    ("style", "text", "expected"),
    [
        ("function", "why\n\n<function=f>\n</function>", ("why", [("f", {})])),
        (
            "function",
            "<function=f>\n<parameter=a>1</parameter>\n<parameter=b>\nx\n\ny\n</parameter>\n</function>\n",
            ("", [("f", {"a": "1", "b": "x\n\ny"})]),
        ),
        (
            "function",
            "<function=f></function><function=g></function>",
            ("", [("f", {}), ("g", {})]),
        ),
        ("function", "<function=f></function> words", None),
        ("function", "<function=f> words </function>", None),
        ("function", "<function=f><parameter=a>1</function>", None),
        (
            "function",
            "<function=f><parameter=a>1</parameter><parameter=a>2</parameter></function>",
            None,
        ),
        (
            "execute",
            "a <execute>\nprint(1)\n</execute>",
            ("a ", [("execute", {"code": "print(1)"})]),
        ),
        ("execute", "<execute>a</execute> b <execute>c</execute>", None),
        ("execute", "<execute>a</execute_bash>", None),
        ("command", "I see.\n<command>\nls\n</command>", ("I see.", [("bash", {"command": "ls"})])),
        ("command", "<command>\nls\n</command> or not", None),
        ("last", "A\n```\nls\n```", ("A", [("bash", {"command": "ls"})])),
        (
            "last",
            "```\nold\n```\nB\n```bash\nnew\n```\n",
            ("```\nold\n```\nB", [("bash", {"command": "new"})]),
        ),
        ("last", "```\n```", ("", [("bash", {"command": ""})])),
        ("last", "```python\nx\n```", None),
        ("last", "```\nls\n``` and so on", None),
        ("last", "one fence\n```", None),
        ("bash", "T\n\n```bash\nls\n```", ("T", [("bash", {"command": "ls"})])),
        ("bash", "```bash\na\n```\n```bash\nb\n```", None),
        ("bash", "```\nls\n```", None),
    ],
)
def test_action(
    style: str, text: str, expected: tuple[str, list[tuple[str, dict[str, str]]]] | None
) -> None:
    action = STYLES[style](text, [])
    found = action and (action.content, [(call.name, call.arguments) for call in action.calls])
    assert found == expected


def test_a_last_call_without_its_end_is_counted() -> None:
    warnings: list[str] = []
    assert function_tags("<function=f>\n<parameter=a>1</parameter>\n", warnings) is not None
    assert warnings == [NOT_CLOSED]


WORDS = [
    "```",
    "```bash",
    "ls",
    "é",
    "<function=f>",
    "</function>",
    "<parameter=a>",
    "</parameter>",
    "<execute>",
    "</execute>",
    "<command>",
    "</command>",
]
PIECES = st.lists(st.sampled_from([*WORDS, "\n", " "]), max_size=14).map("".join)


@given(st.sampled_from(sorted(STYLES)), PIECES)
def test_what_stands_before_an_action_is_a_beginning_of_the_text(style: str, text: str) -> None:
    action = STYLES[style](text, [])
    if action is not None:
        assert text.startswith(action.content)
        for call in action.calls:
            assert isinstance(call.arguments, dict)
            assert all(value in text for value in call.arguments.values())


@given(st.lists(st.tuples(PIECES, PIECES), max_size=4))
def test_only_what_answers_an_action_becomes_a_result(turns: list[tuple[str, str]]) -> None:
    messages = [
        message
        for said, answer in turns
        for message in (Message("assistant", said), Message("user", answer))
    ]
    read = take_actions(Conversation("", tuple(messages)), tuple(STYLES.values())).messages
    assert len(read) == len(messages)
    for before, after, source in zip(read, read[1:], messages[1:], strict=False):
        if source.role == "user":
            assert (after.role == "tool") == bool(before.tool_calls)
            assert after.content == source.content


VALUE = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(
    lambda v: "<" not in v and "\r" not in v
)


@given(st.dictionaries(st.sampled_from("abc"), VALUE))
def test_function_tags_written_as_openhands_does_are_read_back(arguments: dict[str, str]) -> None:
    lines = ["<function=f>"]
    for key, value in arguments.items():
        body = f"\n{value}\n" if "\n" in value else value
        lines.append(f"<parameter={key}>{body}</parameter>")
    action = function_tags("\n".join([*lines, "</function>"]), [])
    assert action is not None
    assert [call.arguments for call in action.calls] == [arguments]


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=5), max_size=3), st.text(max_size=9))
def test_a_react_call_holds_its_arguments_and_no_result(
    arguments: dict[str, str], result: str
) -> None:
    text = f"Thought: t\nAction: f\nAction Input: {json.dumps(arguments)}"
    turns = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": text},
        {"role": "user", "content": f"Observation: {result}"},
    ]
    _, call, answer = get("react").read({"messages": turns}).messages
    assert (call.reasoning, call.content, call.tool_calls[0].arguments) == ("t", "", arguments)
    assert (answer.role, answer.text.strip()) == ("tool", result.strip())
