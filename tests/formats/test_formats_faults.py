"""What is wrong with a row, and where: (format, row, code, pointer)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.errors import RowError
from agentdata.formats import FORMATS, get

U = {"role": "user", "content": "q"}


def openai(message: Any, **row: Any) -> dict[str, Any]:
    return {"messages": [U, message], **row}


def swift_call(content: Any) -> dict[str, Any]:
    return {"messages": [U, {"role": "tool_call", "content": content}]}


def share(role: str, value: Any) -> dict[str, Any]:
    return {"conversations": [{"from": "user", "value": "q"}, {"from": role, "value": value}]}


FAULTS: list[tuple[str, dict[str, Any], str, str]] = [
    # messages
    ("openai", {}, "no_messages", "/messages"),
    ("openai", {"messages": []}, "no_messages", "/messages"),
    ("openai", {"messages": None, "traj": []}, "no_messages", "/traj"),
    ("openai", {"messages": 3}, "wrong_type", "/messages"),
    ("openai", {"messages": {"role": "user"}}, "wrong_type", "/messages"),
    ("openai", {"messages": "[{'role': open('x')}]"}, "bad_literal", "/messages"),
    ("openai", openai("text"), "wrong_type", "/messages/1"),
    ("openai", openai({"content": "x"}), "unknown_role", "/messages/1/role"),
    ("openai", openai({"role": "bot", "content": "x"}), "unknown_role", "/messages/1/role"),
    ("openai", openai({"role": 1, "content": "x"}), "wrong_type", "/messages/1/role"),
    ("openai", openai({"role": "user", "content": 1}), "wrong_type", "/messages/1/content"),
    ("openai", openai({"role": "user", "content": {}}), "bad_content", "/messages/1/content"),
    ("openai", openai({"role": "user", "content": [1]}), "bad_content", "/messages/1/content/0"),
    ("openai", openai({"role": "user", "content": [{"type": "text"}]}), "bad_content", "/messages/1/content/0"),
    ("openai", openai({"role": "user", "content": [{"type": "hologram"}]}), "unknown_part", "/messages/1/content/0"),
    ("openai", openai({"role": "user", "content": [{"type": "image_url"}]}), "bad_media", "/messages/1/content/0"),
    ("openai", openai({"role": "user", "content": [{"type": ["text"]}]}), "unknown_part", "/messages/1/content/0"),
    # calls
    ("openai", openai({"role": "assistant", "tool_calls": [3]}), "bad_tool_call", "/messages/1/tool_calls/0"),
    ("openai", openai({"role": "assistant", "tool_calls": [{"function": {}}]}), "bad_tool_call", "/messages/1/tool_calls/0"),
    ("openai", openai({"role": "assistant", "tool_calls": [{"function": [1]}]}), "bad_tool_call", "/messages/1/tool_calls/0/function"),
    ("openai", openai({"role": "assistant", "tool_calls": "x"}), "wrong_type", "/messages/1/tool_calls"),
    ("openai", openai({"role": "assistant", "function_call": "no json"}), "bad_tool_call", "/messages/1/function_call"),
    ("openai", openai({"role": "user", "content": "", "tool_calls": [{"name": "f"}]}), "calls_outside_assistant", "/messages/1"),
    # tools
    ("openai", openai(U, tools="{broken"), "bad_tools", "/tools"),
    ("openai", openai(U, tools=3), "wrong_type", "/tools"),
    ("openai", openai(U, tools="3"), "bad_tools", "/tools"),
    ("openai", openai(U, functions=[{"name": "f"}, {}]), "bad_tool", "/functions/1"),
    ("openai", openai(U, tools=[{"type": "function", "function": 1}]), "bad_tool", "/tools/0/function"),
    ("openai", openai(U, tools=["f"]), "bad_tool", "/tools/0"),
    # weights
    ("swift", openai({"role": "assistant", "content": "", "loss": "no"}), "bad_loss", "/messages/1/loss"),
    ("swift", openai({"role": "assistant", "content": "", "loss_scale": -1}), "bad_loss", "/messages/1/loss_scale"),
    ("swift", openai({"role": "assistant", "content": "", "loss_scale": [1]}), "bad_loss", "/messages/1/loss_scale"),
    # swift
    ("swift", swift_call("f(x=1)"), "bad_tool_call", "/messages/1/content"),
    ("swift", swift_call(None), "bad_tool_call", "/messages/1/content"),
    ("swift", swift_call("[]"), "bad_tool_call", "/messages/1/content"),
    ("swift", swift_call('{"arguments": {}}'), "bad_tool_call", "/messages/1/content"),
    ("swift", {"query": "q", "response": 3}, "wrong_type", "/response"),
    ("swift", {"response": "r", "history": [["one"]]}, "missing_field", "/history/0/1"),
    ("swift", {"images": [{}], **openai(U)}, "bad_media", "/images/0"),
    # sharegpt
    ("sharegpt", {}, "no_messages", "/conversations"),
    ("sharegpt", {"conversations": "not a list"}, "bad_literal", "/conversations"),
    ("sharegpt", {"conversations": "'text'"}, "no_messages", "/conversations"),
    ("sharegpt", share("narrator", "x"), "unknown_role", "/conversations/1/from"),
    ("sharegpt", share("function_call", "{'name': f}"), "bad_tool_call", "/conversations/1/value"),
    # msagent
    ("msagent", {"conversations": [{"from": "user"}]}, "missing_field", "/conversations/0/value"),
    ("msagent", share("narrator", "x"), "unknown_role", "/conversations/1/from"),
    ("msagent", share("assistant", 3), "wrong_type", "/conversations/1/value"),
    ("msagent", {"conversations": []}, "no_messages", "/conversations"),
    ("msagent", {"conversations": [{"from": "system", "value": None}]}, "no_messages", "/conversations"),
    ("msagent", share("assistant", '<|startofthink|>```JSON\n{"api_name": "a", "parameters": {"t": "a "b" c"}}\n```<|endofthink|>'), "bad_tool_call", "/conversations/1/value"),
    ("msagent", share("assistant", '<|startofthink|>{"url": "u"}<|endofthink|>'), "bad_tool_call", "/conversations/1/value"),
    ("msagent", share("assistant", '<|startofthink|>{"api_name": "a"}'), "bad_tool_call", "/conversations/1/value"),
    ("msagent", share("assistant", "x<|endofthink|>"), "bad_tool_call", "/conversations/1/value"),
    ("msagent", share("assistant", "<|startofexec|>{}"), "bad_tool_result", "/conversations/1/value"),
    # msagent_react
    ("msagent_react", share("assistant", "Action Input: {}"), "bad_tool_call", "/conversations/1/value"),
    ("msagent_react", share("assistant", "Action:\nAction Input: {}"), "bad_tool_call", "/conversations/1/value"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "code", "pointer"), FAULTS)
def test_fault(name: str, row: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(RowError) as caught:
        get(name).read(row)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
    assert "\n" not in str(caught.value)


KEYS = [
    "messages", "conversations", "role", "from", "value", "content", "tool_calls", "function",
    "name", "arguments", "tools", "type", "text", "images", "loss", "history", "query", "response",
]  # fmt: skip
WORDS = [
    "user", "assistant", "tool", "tool_call", "system", "gpt", "function_call", "text", "image",
    '{"name": "f"}', "[]", "<|startofthink|>", "<|endofthink|>", "Action:", "\nAction Input:",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner, min_size=1, max_size=4)
    ),
    max_leaves=15,
)
TURN = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4) | st.fixed_dictionaries(
    {
        "role": st.sampled_from(WORDS),
        "from": st.sampled_from(WORDS),
        "content": JSON,
        "value": JSON,
    },
    optional={"tool_calls": JSON, "loss": JSON},
)


@given(turns=st.lists(TURN, max_size=3) | JSON, tools=JSON, images=JSON)
def test_whatever_the_row_reading_ends_in_a_conversation_or_a_row_error(
    turns: Any, tools: Any, images: Any
) -> None:
    for key in ("messages", "conversations"):
        for format_ in FORMATS.values():
            try:
                assert format_.read({key: turns, "tools": tools, "images": images}).messages
            except RowError as error:
                assert error.pointer.startswith("/")
