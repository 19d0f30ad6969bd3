"""Formats whose calls stand in texts, and dialects of chat: what is known as what, and the faults."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.errors import RowError
from agentdata.formats import FORMATS, detect, get
from agentdata.formats.common.chat import Act
from agentdata.formats.hermes import DIALECT as HERMES
from agentdata.formats.sharegpt import DIALECT as SHAREGPT


def chat(*turns: tuple[str, str], key: str = "messages", **row: Any) -> dict[str, Any]:
    return {key: [{"role": role, "content": text} for role, text in turns], **row}


def share(*turns: tuple[str, str], key: str = "conversations", **row: Any) -> dict[str, Any]:
    return {key: [{"from": role, "value": text} for role, text in turns], **row}


ASK = ("user", "q")
CALL = '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'
TOOLS = '<tools>{"name": "f"}</tools>'
HERMES_SHARE = share(("system", TOOLS), ("human", "q"), ("gpt", CALL))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([HERMES_SHARE], "hermes"),
        ([share(("human", "q"), ("gpt", "a"))] * 9 + [HERMES_SHARE], "hermes"),
        ([chat(ASK, ("assistant", CALL))], "hermes"),
        ([chat(ASK, ("assistant", CALL), images=["a.png"])], "hermes"),
        ([chat(("system", TOOLS), ASK, ("assistant", "a"))], "hermes"),
        ([chat(ASK, ("assistant", CALL), key="conversation")], "hermes"),
        ([{"text": f"<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n{CALL}"}], "hermes"),
        ([chat(("user", f"write {CALL}"), ("assistant", "no"))], "openai"),
        ([chat(ASK, ("assistant", "I would use <tool_call> here"))], "openai"),
        ([chat(ASK, ("tool_call", '{"name": "f"}'), ("assistant", CALL))], "swift"),
        ([chat(ASK, ("assistant", "a"), key="conversation")], "openai"),
        ([chat(ASK, ("assistant", "a"), key="chat")], "openai"),
        ([{"text": '[{"role": "user", "content": "q"}, {"role": "assistant"}]'}], "openai"),
        ([share(("Human", "q"), ("GPT", "a"))], "sharegpt"),
        ([share(("human", "q"), ("function-call", "{}"), ("ipython", "4"))], "sharegpt"),
        ([share(("human", "q"), ("gpt", "a"), key="conversation")], "sharegpt"),
        ([share(("human", "q"), ("gpt", "a"), key="messages")], "sharegpt"),
        ([{"system": "SYSTEM: s", "chat": "USER: q\n\n\nASSISTANT: a <|endoftext|>"}], "glaive"),
        ([share(("User", "q"), ("Assistant", "a"), mask="User")], "nemo"),
        ([share(("User", "q"), ("Assistant", "<TOOLCALL>[f()]</TOOLCALL>"))], "nemo"),
        ([{"text": "<|user|>\nq\n<|assistant|>\na"}], "chatglm3"),
        ([{"text": "x\n```\n<|user|>\nq\n<|assistant|>f\n{}\n```\n"}], "chatglm3"),
        ([chat(ASK, key="chatrounds", functions=[])], "codefuse"),
        ([{"conversation": [{"input": "q", "output": "a"}]}], "xtuner"),
        ([chat(ASK, ("code_interpreter", "4"))], "xtuner"),
        ([{"instruction": "q", "output": "a"}], "alpaca"),
        ([{"instruction": "q", "input": "", "output": "a", "history": []}], "alpaca"),
        ([{"prompt": "q", "completion": "a"}], "alpaca"),
        ([{"messages_display": "user: q\nassistant: None"}], "tau_few_shot"),
    ],
)
def test_detect(rows: list[dict[str, Any]], expected: str) -> None:
    assert detect(rows) == expected


@pytest.mark.parametrize(
    "row",
    [
        {"response": "a", "request": "q"},
        {"response": "thought", "action": "ls", "observation": "a.py"},
        {"text": "see <|user|> and <|assistant|>"},
        {"chat": "we talked"},
        {"instruction": "q", "output": ["a"]},
        {"text": "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\na"},
    ],
)
def test_rows_of_other_things_are_not_claimed(row: dict[str, Any]) -> None:
    assert not any(format_.detect(row) for format_ in FORMATS.values())


@pytest.mark.parametrize(
    ("role", "act"),
    [
        ("function-call", Act.CALL),
        ("Function Call", Act.CALL),
        ("Observation", Act.TOOL),
        ("function_response", Act.TOOL),
        (" GPT ", Act.ASSISTANT),
        ("narrator", None),
        (3, None),
    ],
)
def test_a_role_is_known_however_it_is_spelled(role: Any, act: Act | None) -> None:
    assert SHAREGPT.act(role) is act
    assert HERMES.act(role) is act


FAULTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("hermes", chat(ASK, ("assistant", '<tool_call>{"name": "f"</tool_call>')), "bad_tool_call", "/messages/1/content"),
    ("hermes", chat(ASK, ("assistant", '<tool_call>{"name": "f"</tool_call>'), system="s"), "bad_tool_call", "/messages/1/content"),
    ("hermes", share(("human", "q"), ("gpt", '<tool_call>{"a": 1}</tool_call>')), "bad_tool_call", "/conversations/1/value"),
    ("hermes", chat(("system", TOOLS)), "no_messages", "/messages"),
    ("hermes", chat(ASK, ("narrator", "x")), "unknown_role", "/messages/1/role"),
    ("hermes", {"text": "nothing"}, "no_messages", "/messages"),
    ("glaive", {"chat": 3}, "wrong_type", "/chat"),
    ("glaive", {"chat": ""}, "no_messages", "/chat"),
    ("glaive", {"chat": "ASSISTANT: <functioncall> f(1)"}, "bad_tool_call", "/chat"),
    ("glaive", {"chat": "USER: q", "system": "SYSTEM: {\"a\": 1}"}, "bad_tool", "/system"),
    ("nemo", share(("User", "q"), ("Assistant", "<TOOLCALL>[f(1]</TOOLCALL>")), "bad_tool_call", "/conversations/1"),
    ("nemo", {"chat": [{"role": "assistant", "func_call": {"params": {}}}]}, "bad_tool_call", "/chat/0/func_call"),
    ("chatglm3", {"text": "words <|user|>\nq"}, "no_messages", "/text"),
    ("chatglm3", {"text": ""}, "no_messages", "/text"),
    ("chatglm3", {"messages": [{"role": "tool", "observation": "4"}]}, "bad_tool_call", "/messages/0"),
    ("codefuse", {}, "missing_field", "/chatrounds"),
    ("codefuse", chat(("bot", "x"), key="chatrounds"), "unknown_role", "/chatrounds/0/role"),
    ("xtuner", {"conversation": [{"input": 3}]}, "wrong_type", "/conversation/0/input"),
    ("xtuner", {"conversation": []}, "no_messages", "/messages"),
    ("alpaca", {"instruction": ""}, "no_messages", "/instruction"),
    ("alpaca", {"instruction": "q", "output": 3}, "wrong_type", "/output"),
    ("tau2", {"messages": [{"role": "tool", "requestor": "user"}]}, "no_messages", "/messages"),
    ("tau_few_shot", {"messages_display": "hi\nuser: q"}, "unknown_role", "/messages_display"),
    ("tau_few_shot", {"messages_display": "assistant: None"}, "no_messages", "/messages_display"),
    ("openai", {"messages": [{"role": "assistant", "metadata": {"masked": "x"}}]}, "bad_loss", "/messages/0/metadata/masked"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "code", "pointer"), FAULTS)
def test_fault(name: str, row: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(RowError) as caught:
        get(name).read(row)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


PIECES = [
    "USER:", "ASSISTANT: ", "\n\n", "\n", "<functioncall> ", '{"name": "f", "arguments": {}}', "'{}'",
    "<|user|>\n", "<|assistant|>f\n", "<|assistant|>\n", "<|observation|>\n", "```\n", "user: ",
    "assistant: None", "tool: x", "<tool_call>", "</tool_call>", "<tools>", "</tools>", "[f(a=1)]",
    "<TOOLCALL>", "</TOOLCALL>", "<|im_start|>user\n", "<|im_start|>assistant\n", "<|im_end|>",
    "<think>", "</think>", "<tool_response>", "</tool_response>", "Action: f\n", "Action Input: {",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
KEYS = ["chat", "text", "example", "messages_display", "instruction", "output", "system", "mask"]


@given(
    row=st.dictionaries(st.sampled_from(KEYS), TEXT | st.none() | st.integers(), max_size=3),
    said=st.lists(st.tuples(st.sampled_from(["user", "assistant", "tool", "system"]), TEXT)),
    key=st.sampled_from(["messages", "conversations", "chatrounds", "conversation", "none"]),
)
def test_whatever_the_texts_reading_ends_in_a_conversation_or_a_row_error(
    row: dict[str, Any], said: list[tuple[str, str]], key: str
) -> None:
    row |= chat(*said, key=key)
    for format_ in FORMATS.values():
        format_.detect(row)
        try:
            assert format_.read(row).messages
        except RowError as error:
            assert error.pointer.startswith("/")
