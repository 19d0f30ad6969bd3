"""Prompts, read as a person would: golden texts, then what must hold for every conversation."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_cases import CALL, GOLDEN, PAIRS, SAMPLE, golden_path

from agentdata.conversation import Conversation, Message, NativeTurn, ToolCall
from agentdata.errors import UsageError
from agentdata.loss_scale import parse_loss_scale, weigh
from agentdata.templates import Kind, get_template, render
from agentdata.templates.agent_templates import AGENT_TEMPLATES
from agentdata.templates.chat_formats import CHAT_FORMATS
from agentdata.templates.chat_formats.base import Earlier

ALL_PAIRS = [(c, a) for c in sorted(CHAT_FORMATS) for a in sorted(AGENT_TEMPLATES)]


@pytest.mark.parametrize(("chat_format", "agent_template"), PAIRS)
def test_golden_texts(chat_format: str, agent_template: str) -> None:
    text = render(SAMPLE, get_template(chat_format, agent_template)).text
    assert text == golden_path(chat_format, agent_template).read_text(encoding="utf-8")


def test_every_template_has_a_golden_text() -> None:
    assert {golden_path(*pair) for pair in PAIRS} == set(GOLDEN.glob("*.txt"))


@pytest.mark.parametrize(("chat_format", "agent_template"), ALL_PAIRS)
def test_nothing_of_the_conversation_is_lost(chat_format: str, agent_template: str) -> None:
    prompt = render(SAMPLE, get_template(chat_format, agent_template))
    dropped = CHAT_FORMATS[chat_format].earlier_thinking is Earlier.DROPPED
    for words in ("Time?", "I look.", "Asia/上海", "12:00", "12:01", "Noon.", "Bye."):
        assert words in prompt.text
    assert ("a clock" in prompt.text) == (not dropped)
    assert "时间" in "".join(s.text for s in prompt.segments if s.kind is Kind.TOOLS)


@pytest.mark.parametrize(("chat_format", "agent_template"), ALL_PAIRS)
def test_only_what_the_model_writes_is_trainable(chat_format: str, agent_template: str) -> None:
    prompt = render(SAMPLE, get_template(chat_format, agent_template))
    trainable = {Kind.REASONING, Kind.CONTENT, Kind.TOOL_CALL, Kind.END_OF_TURN}
    for segment in prompt.segments:
        assert segment.trainable == (segment.kind in trainable)
        assert not segment.trainable or "12:0" not in segment.text


def test_last_round_drops_the_thinking_of_earlier_rounds() -> None:
    template = get_template("qwen3")
    assert "a clock" not in render(SAMPLE, template, keep_thinking=False).text
    assert "a clock" in render(SAMPLE, template, keep_thinking=True).text


@pytest.mark.parametrize("name", sorted(CHAT_FORMATS))
def test_an_empty_result_begins_the_last_round(name: str) -> None:
    messages = (
        Message("user", "q"),
        Message("assistant", tool_calls=(CALL,)),
        Message("tool", ""),
        Message("assistant", "done"),
    )
    conversation = Conversation("id", messages)
    prompt = render(conversation, get_template(name), keep_thinking=False)
    weights = weigh(prompt, conversation, parse_loss_scale("last_round"))
    [first, *_] = [e for e, v in zip(weights.ends, weights.values, strict=True) if not v]
    assert prompt.text[:first].count("Asia") == 1


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        (
            (Message("assistant", "hi"),),
            "<|im_start|>user\n<|im_end|>\n<|im_start|>assistant\nhi<|im_end|>\n",
        ),
        (
            (Message("user", "a"), Message("user", "b")),
            "<|im_start|>user\nab<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            (Message("user", "a"), Message("assistant", "b"), Message("assistant", "c")),
            "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nbc<|im_end|>\n",
        ),
        (
            (Message("user", "a"), Message("tool", "r"), Message("assistant", "c")),
            "<|im_start|>user\na<|im_end|>\n<|im_start|>user\n<tool_response>\nr\n</tool_response>"
            "<|im_end|>\n<|im_start|>assistant\nc<|im_end|>\n",
        ),
        (
            (Message("user", "a"), Message("system", "s"), Message("assistant", "c")),
            "<|im_start|>user\na<|im_end|>\n<|im_start|>system\ns<|im_end|>\n"
            "<|im_start|>assistant\nc<|im_end|>\n",
        ),
    ],
    ids=["model begins", "user twice", "model twice", "result without call", "system later"],
)
def test_odd_orders_of_messages(messages: tuple[Message, ...], text: str) -> None:
    assert render(Conversation("id", messages), get_template("chatml")).text == text


def test_a_native_conversation_is_printed_as_it_stands() -> None:
    spans = (
        ("tool_call", "<|startofthink|>x<|endofthink|>"),
        ("tool_result", "y"),
        ("content", "z"),
    )
    native = (NativeTurn("user", (("text", "q"),)), NativeTurn("assistant", spans))
    conversation = Conversation("id", (Message("user", "q"),), native=native)
    prompt = render(conversation, get_template("modelscope_agent"))
    said = "".join(text for _, text in spans)
    assert prompt.text == f" \n\n<|user|>:q \n\n<|assistant|>:{said} \n\n</s>"
    assert [s.text for s in prompt.segments if s.kind is Kind.TOOL_RESULT] == ["y"]


ROLES = st.sampled_from(["system", "user", "assistant", "tool"])
MESSAGES = st.lists(st.tuples(ROLES, st.text(max_size=8)), min_size=1, max_size=8)


@given(MESSAGES, st.sampled_from(ALL_PAIRS), st.booleans())
def test_segments_make_up_the_text_and_results_are_never_trainable(
    messages: list[tuple[str, str]], pair: tuple[str, str], keep: bool
) -> None:
    marked = [
        Message(role, f"«{number}{text}»")  # type: ignore[arg-type]
        for number, (role, text) in enumerate(messages)
    ]
    prompt = render(Conversation("id", tuple(marked)), get_template(*pair), keep_thinking=keep)
    assert prompt.text == "".join(segment.text for segment in prompt.segments)
    for number, message in enumerate(marked):
        assert message.text in prompt.text
        owners = [s for s in prompt.segments if f"«{number}" in s.text and message.text in s.text]
        assert owners
        assert all(s.trainable == (message.role == "assistant") for s in owners)


@pytest.mark.parametrize(
    ("names", "words"), [(("qwen9",), "--template"), (("qwen3", "herms"), "--agent-template")]
)
def test_unknown_names(names: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        get_template(*names)


def test_react_thoughts_come_back_in_react_words_only() -> None:
    messages = (
        Message("user", "Time?"),
        Message("assistant", reasoning="look", tool_calls=(CALL,)),
        Message("tool", "12:00"),
        Message("assistant", "Noon.", reasoning="done"),
    )
    conversation = Conversation("id", messages, meta={"thought": True})
    react = render(conversation, get_template("chatml", "react_en")).text
    assert "Thought: look\nAction: clock\n" in react
    assert "12:00\nThought: done\nFinal Answer: Noon.<|im_end|>" in react
    hermes = render(conversation, get_template("chatml", "hermes")).text
    assert "<think>\nlook\n</think>\n\n<tool_call>" in hermes
    assert "<think>\ndone\n</think>\n\nNoon.<|im_end|>" in hermes


@pytest.mark.parametrize(
    ("ids", "order"),
    [
        (("b", "a"), "from a from b"),
        (("a", "b"), "from a from b"),
        (("b", "b"), "from b from b"),
        (("b", "c"), "from b from c"),
        (("b",), "from b"),
        (("b", None), "from b from None"),
    ],
)
def test_results_stand_in_the_order_of_their_calls(ids: tuple[str | None, ...], order: str) -> None:
    calls = tuple(ToolCall("f", {}, id) for id in "ab")
    results = tuple(Message("tool", f"from {id}", tool_call_id=id) for id in ids)
    messages = (Message("user", "q"), Message("assistant", tool_calls=calls), *results)
    prompt = render(Conversation("id", messages), get_template("chatml"))
    found = [s.text for s in prompt.segments if s.kind is Kind.TOOL_RESULT]
    assert " ".join(re.findall(r"from \w+", "".join(found))) == order


def test_an_id_that_comes_again_names_the_call_before_its_result() -> None:
    messages = [Message("user", "Hi")]
    for name in ("clock", "map"):
        call = ToolCall(name, {}, "call_1")
        messages += [
            Message("assistant", tool_calls=(call,)),
            Message("tool", f"from the {name}", tool_call_id="call_1"),
        ]
    text = render(Conversation("id", tuple(messages)), get_template("gemma4")).text
    assert re.findall(r"response:(\w+)", text) == ["clock", "map"]


def test_history_without_thinking_keeps_the_space_before_the_word_for_a_result() -> None:
    react = Message("assistant", "Action: f\nAction Input: {} ", reasoning="hm")
    messages = (Message("user", "q"), react, Message("tool", "5"), Message("assistant", "done"))
    text = render(Conversation("id", messages), get_template("qwen3"), keep_thinking=False).text
    assert "assistant\nAction: f\nAction Input: {} \nObservation:5\n<think>" in text
