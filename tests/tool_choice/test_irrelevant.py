"""Rows in which the tool that is needed is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tool_rows import NAMES, TOOLS, talk

from agentdata.conversation import Conversation, Message, ToolCall
from agentdata.tool_choice.irrelevant import irrelevant

ANSWER = {"answer_without_tool": "I have no tool for that."}


def test_the_needed_tool_goes_and_the_answer_of_the_data_comes() -> None:
    made = irrelevant(talk("get_tide", ask="High water?", say="I look.", meta=ANSWER))
    assert made is not None
    assert made.id == "row!irrelevant"
    assert made.messages == (
        Message("user", "High water?"),
        Message("assistant", "I have no tool for that."),
    )
    assert [spec.name for spec in made.tools] == [name for name in NAMES if name != "get_tide"]
    assert made.meta == {"split_key": "row"}


def test_what_comes_before_is_not_trained_twice() -> None:
    before = (Message("user", "Hello"), Message("assistant", "Hello!"))
    row = talk("get_tide", "search", meta=ANSWER)
    made = irrelevant(replace(row, messages=(*before, *row.messages)))
    assert made is not None
    assert [message.loss for message in made.messages] == [None, False, None, None]
    assert not {"get_tide", "search"} & {spec.name for spec in made.tools}


@pytest.mark.parametrize(
    "row",
    [
        talk("get_tide"),
        talk("get_tide", meta={"answer_without_tool": "  "}),
        talk("get_tide", meta={"answer_without_tool": ["no"]}),
        talk(meta=ANSWER),
        talk("unknown", meta=ANSWER),
        replace(talk("get_tide", meta=ANSWER), tools=()),
        Conversation(
            "r", (Message("assistant", tool_calls=(ToolCall("search", {}),)),), TOOLS, meta=ANSWER
        ),
        Conversation(
            "r",
            (
                Message("user", "?"),
                Message("assistant", tool_calls=(ToolCall("search", {}),), loss=False),
            ),
            TOOLS,
            meta=ANSWER,
        ),
    ],
    ids=[
        "no answer",
        "empty",
        "no text",
        "no call",
        "not offered",
        "no tools",
        "no question",
        "not trained",
    ],
)
def test_nothing_is_made_up(row: Conversation) -> None:
    assert irrelevant(row) is None
