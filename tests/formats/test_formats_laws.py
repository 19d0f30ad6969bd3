"""Laws of reading that hold for any text."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agentdata.conversation import Conversation, ToolCall
from agentdata.formats import get
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.react import native_spans, split_steps
from agentdata.formats.common.think import join_think, split_think

THINK = st.lists(st.sampled_from(["<think>", "</think>", "\n", "a", " ", "答"]), max_size=12)


@given(THINK.map("".join))
def test_splitting_a_think_block_loses_no_letter(text: str) -> None:
    reasoning, content = split_think(text)
    assert join_think(reasoning, content) == text
    if reasoning is not None:
        assert not reasoning.startswith("\n") and not reasoning.endswith("\n")
        assert "</think>" not in reasoning


@given(
    st.text("ab\n <>", max_size=8).filter(lambda r: r == r.strip("\n")), st.text("ab\n", max_size=8)
)
def test_a_canonical_think_block_is_always_split(reasoning: str, content: str) -> None:
    assert split_think(f"<think>\n{reasoning}\n</think>\n\n{content}") == (reasoning, content)


BLOCKS = st.lists(
    st.sampled_from(
        [
            '<|startofthink|>```JSON\n{"api_name": "a", "url": "u", "parameters": {"x": "1"}}\n```<|endofthink|>',
            '<|startofthink|>{"api_name": "b"}<|endofthink|>',
            "<|startofexec|>```JSON\nSECRET\n```<|endofexec|>",
            "<|startofexec|>SECRET<|endofexec|>",
            "\n",
            "\n\n",
            "reply",
        ]
    ),
    max_size=8,
).map("".join)


def read_one(name: str, value: str) -> Conversation:
    turns = [{"from": "user", "value": "q"}, {"from": "assistant", "value": value}]
    return get(name).read({"conversations": turns})


@given(BLOCKS)
def test_native_spans_of_msagent_are_the_value_and_results_stand_in_results_only(
    value: str,
) -> None:
    conversation = read_one("msagent", value)
    spans = conversation.native[1].spans
    assert "".join(text for _, text in spans) == value
    for kind, text in spans:
        assert ("SECRET" in text) == (kind == "tool_result")
        assert kind != "tool_result" or text.lstrip().startswith("<|startofexec|>")
        assert kind != "tool_call" or text.startswith("<|startofthink|>")
    messages = conversation.messages
    assert sum(len(m.tool_calls) for m in messages) == value.count("<|startofthink|>")
    assert [m.content for m in messages if m.role == "tool"] == ["SECRET"] * value.count("SECRET")
    assert len(conversation.meta.get("call_urls", [])) == value.count("<|startofthink|>")


STEPS = st.lists(
    st.sampled_from(
        [
            "Thought: why\n",
            "Action: f\nAction Input: {'k': [1, None]}\n",
            "Action: f\nAction Input: {'k': 1} ",
            "Action: g\n",
            "Observation: SECRET\nSECRET\n",
            "Observation:SECRET",
            "Final Answer: done\n",
            "words\n",
            "\n",
        ]
    ),
    max_size=8,
)


@given(STEPS.map("".join))
def test_native_spans_of_react_text_are_the_text(text: str) -> None:
    spans = native_spans(split_steps(text))
    assert "".join(span for _, span in spans) == text
    assert all(a != b for (a, _), (b, _) in pairwise(spans))


@given(
    st.lists(
        st.sampled_from(
            [
                "Thought: why\n",
                "Observation: SECRET\nSECRET\n",
                "Action: f\nAction Input: {}\n",
                "Final Answer: a\n",
            ]
        ),
        max_size=8,
    )
)
def test_results_of_msagent_react_stand_in_results_only(steps: list[str]) -> None:
    conversation = read_one("msagent_react", "".join(steps))
    for kind, text in conversation.native[1].spans:
        assert ("SECRET" in text) == (kind == "tool_result")
    for message in conversation.messages:
        assert ("SECRET" in message.text) == (message.role == "tool")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECT = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


@given(OBJECT)
def test_arguments_read_the_same_however_they_are_written(arguments: dict[str, Any]) -> None:
    warnings: list[str] = []
    for written in (arguments, json.dumps(arguments), json.dumps(json.dumps(arguments))):
        assert read_arguments(written, warnings) == arguments
    assert list(read_arguments(json.dumps(arguments), [])) == list(arguments)
    assert warnings == ["double_encoded_arguments"]


@given(st.text())
def test_arguments_that_are_no_object_stay_as_they_stand(text: str) -> None:
    read = read_arguments(text, [])
    assert read == text or isinstance(json.loads(text), dict | str)


@given(OBJECT, st.sampled_from(["openai", "swift", "sharegpt", "msagent", "msagent_react"]))
def test_one_call_is_the_same_in_every_format(arguments: dict[str, Any], name: str) -> None:
    call = {"name": "f", "arguments": arguments}
    text = json.dumps(call)
    block = json.dumps({"api_name": "f", "parameters": arguments})
    rows: dict[str, dict[str, Any]] = {
        "openai": {"messages": [{"role": "assistant", "tool_calls": [{"function": call}]}]},
        "swift": {"messages": [{"role": "tool_call", "content": text}]},
        "sharegpt": {"conversations": [{"from": "function_call", "value": text}]},
        "msagent": {
            "conversations": [
                {"from": "assistant", "value": f"<|startofthink|>{block}<|endofthink|>"}
            ]
        },
        "msagent_react": {
            "conversations": [
                {"from": "assistant", "value": f"Action: f\nAction Input: {json.dumps(arguments)}"}
            ]
        },
    }
    (message,) = get(name).read(rows[name]).messages
    assert message.tool_calls == (ToolCall("f", arguments),)


@given(st.text("ab \n<>|", max_size=20))
def test_plain_text_is_kept_to_the_letter(text: str) -> None:
    for name in ("msagent", "msagent_react", "sharegpt"):
        assert read_one(name, text).messages[-1].content == text
