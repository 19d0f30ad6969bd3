"""Beginnings of a conversation are written as if each were rendered by itself."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentdata.conversation import Conversation, Message, ToolCall
from agentdata.templates import get_template, render
from agentdata.templates.agent_templates import AGENT_TEMPLATES
from agentdata.templates.chat_formats import CHAT_FORMATS
from agentdata.templates.render import Beginnings
from agentdata.templates.sample import SAMPLE

_ids = st.sampled_from(("a", "b", "", None))
_calls = st.builds(ToolCall, st.sampled_from(("find", "read")), st.just({"q": 1}), _ids)
_messages = st.one_of(
    st.builds(Message, st.just("user"), st.sampled_from(("", "Why?"))),
    st.builds(
        Message,
        st.just("assistant"),
        st.sampled_from(("", "So.", "Action: find\nAction Input: {}")),
        reasoning=st.sampled_from((None, "", "Hm.")),
        tool_calls=st.lists(_calls, max_size=2).map(tuple),
    ),
    st.builds(
        Message,
        st.just("tool"),
        st.just("3"),
        tool_call_id=_ids,
        name=st.sampled_from((None, "find")),
    ),
    st.just(Message("system", "Be brief.")),
)
_conversations = st.builds(
    Conversation,
    st.just("row"),
    st.lists(_messages, min_size=3, max_size=9).map(tuple),
    st.sampled_from(((), SAMPLE.tools)),
)


@pytest.mark.parametrize("chat_format", CHAT_FORMATS)
@settings(max_examples=20, deadline=None)
@given(conversation=_conversations, lengths=st.lists(st.integers(1, 9), min_size=2, max_size=9))
def test_beginnings_are_written_as_by_themselves(
    chat_format: str, conversation: Conversation, lengths: list[int]
) -> None:
    for agent_template in ("auto", "react_en"):
        template = get_template(chat_format, agent_template)
        beginnings = Beginnings(conversation, template)
        for length in lengths:
            alone = replace(conversation, messages=conversation.messages[:length])
            assert beginnings.text(length) == render(alone, template, keep_thinking=False).text


@pytest.mark.parametrize("agent_template", AGENT_TEMPLATES)
def test_beginnings_of_the_sample(agent_template: str) -> None:
    template = get_template("qwen3", agent_template)
    beginnings = Beginnings(SAMPLE, template)
    for length in range(1, len(SAMPLE.messages) + 1):
        alone = replace(SAMPLE, messages=SAMPLE.messages[:length])
        assert beginnings.text(length) == render(alone, template, keep_thinking=False).text
