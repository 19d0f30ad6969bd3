"""Harmony's messages: who speaks to whom, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.call_text.harmony import Header, messages_of
from agentdata.errors import RowError
from agentdata.formats import get

USER = "<|start|>user<|message|>q<|end|>"
CALL = "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>"


@pytest.mark.parametrize(
    ("text", "headers", "bodies", "names"),
    [
        (USER, [Header("user")], ["q"], [""]),
        (CALL, [Header("assistant", "functions.f", "commentary")], ["{}"], ["f"]),
        ("<|start|>assistant to=python<|channel|>analysis<|message|>1",
         [Header("assistant", "python", "analysis")], ["1"], ["python"]),
        ("<|start|>functions.f to=assistant<|channel|>commentary<|message|>5<|end|>",
         [Header("functions.f", "assistant", "commentary")], ["5"], ["assistant"]),
        ("<|channel|>analysis<|message|>a<|end|><|channel|>final<|message|>b",
         [Header("assistant", None, "analysis"), Header("assistant", None, "final")],
         ["a", "b"], ["", ""]),
        ("assistant<|channel|>final<|message|>b", [Header("assistant", None, "final")], ["b"], [""]),
        (f"{USER}<|start|>assistant", [Header("user")], ["q"], [""]),
        ("<|message|>q", [], [], []),
    ],
)  # fmt: skip
def test_messages(text: str, headers: list[Header], bodies: list[str], names: list[str]) -> None:
    found = list(messages_of(text))
    assert [one.header for one in found] == headers
    assert [text[slice(*one.body)] for one in found] == bodies
    assert [text[slice(*one.name)] for one in found] == names


MARKS = ["<|start|>", "<|message|>", "<|channel|>", "<|end|>", "<|call|>", "assistant", "to=f", " "]


@given(st.lists(st.sampled_from(MARKS) | st.text(max_size=3)).map("".join))
def test_messages_of_any_text_follow_each_other(text: str) -> None:
    at = 0
    for one in messages_of(text):
        assert at <= one.start < one.body[0] <= one.body[1] <= one.end <= len(text)
        assert one.start <= one.name[0] <= one.name[1] < one.body[0]
        at = one.end


def test_a_row_whose_turn_goes_on_without_a_head_loses_nothing() -> None:
    text = f"{USER}<|start|>assistant<|channel|>analysis<|message|>a<|end|>{CALL}"
    (_, said) = get("harmony").read({"text": text}).messages
    assert (said.reasoning, [call.name for call in said.tool_calls]) == ("a", ["f"])


@pytest.mark.parametrize("text", [f"{USER} and <|start|>assistant<|message|>a", f"{USER} and"])
def test_words_between_messages_are_no_silent_loss(text: str) -> None:
    with pytest.raises(RowError) as caught:
        get("harmony").read({"text": text})
    assert (caught.value.code, caught.value.pointer) == ("text_outside_messages", "/text")
