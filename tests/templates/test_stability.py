"""Trained turns behind the prompt that a server would build for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.templates import get_template
from agentdata.templates.agent_templates import AGENT_TEMPLATES
from agentdata.templates.chat_formats import CHAT_FORMATS
from agentdata.templates.hand_written import HandWritten
from agentdata.templates.jinja import load_jinja
from agentdata.templates.model_turns import model_turns
from agentdata.templates.stability import StableRow, UnstableTurnError, stable_rows
from agentdata.templates.template import PromptTemplate

PLAIN = """{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}
{%- if add_generation_prompt %}<|assistant|>{% endif %}"""
# Thinking of rounds before the last user message is gone, as in Qwen3's template.
FORGETS = """{% set ns = namespace(asked=-1) %}
{%- for m in messages %}{% if m.role == 'user' %}{% set ns.asked = loop.index0 %}{% endif %}{% endfor %}
{%- for m in messages %}{{ '<|' + m.role + '|>' }}
    {%- if m.reasoning_content and loop.index0 > ns.asked %}<think>{{ m.reasoning_content }}</think>{% endif %}
    {{- m.content }}<|end|>
{%- endfor %}
{%- if add_generation_prompt %}<|assistant|>{% endif %}"""
# The last turn ends with a mark of its own, as in harmony.
RETURNS = """{% for m in messages %}<|{{ m.role }}|>{{ m.content }}
    {%- if m.role == 'assistant' and loop.last %}<|return|>{% else %}<|end|>{% endif %}
{%- endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"""
# Only the last turn has a mark that ends it.
ENDS_ONCE = """{% for m in messages %}<|{{ m.role }}|>{{ m.content }}
    {%- if m.role == 'assistant' and loop.last %}<|end|>{% endif %}
{%- endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"""
# The system prompt stands before the last user message.
MOVES = """{% if messages[0].role == 'system' %}{% set talk = messages[1:] %}{% else %}{% set talk = messages %}{% endif %}
{%- set asked = (talk | selectattr('role', 'equalto', 'user') | list)[-1] %}
{%- for m in talk %}<|{{ m.role }}|>
    {%- if m == asked and talk | length < messages | length %}{{ messages[0].content }}{% endif %}{{ m.content }}<|end|>
{%- endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"""

# It stands there only while the user is asked for an answer, as in Mistral's.
LEAVES = """{% for m in messages %}{% if m.role != 'system' %}<|{{ m.role }}|>
    {%- if loop.last and m.role == 'user' %}{{ messages[0].content }}{% endif %}{{ m.content }}<|end|>{% endif %}
{%- endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"""


def user(text: str) -> Message:
    return Message("user", text)


def model(text: str, reasoning: str | None = None) -> Message:
    return Message("assistant", text, reasoning=reasoning)


A, B, C = user("a?"), user("b?"), user("c?")
SAID = (A, model("1"), B, model("2"), C, model("3"))
THOUGHT = (A, model("1", "x"), B, model("2", "y"), C, model("3", "z"))
SOME = (A, model("1"), B, model("2", "y"), C, model("3"))
SYSTEM = Message("system", "sys")


def rows_of(
    template: PromptTemplate, *messages: Message, unstable: str = "split"
) -> list[StableRow]:
    conversation = Conversation("id", messages)
    prompt = template.render(conversation)
    turns = model_turns(prompt.segments)
    return stable_rows(conversation, template, prompt, turns, unstable)  # type: ignore[arg-type]


def shown(rows: list[StableRow]) -> list[str]:
    """The text of each row, what it trains in brackets."""
    texts = []
    for row in rows:
        text, out, done = row.prompt.text, "", 0
        for start, end in (span for placed in row.turns for span in placed.turn.spans):
            out += f"{text[done:start]}[{text[start:end]}]"
            done = end
        texts.append((out + text[done:]).replace("][", ""))
    return texts


@pytest.mark.parametrize(
    ("source", "messages", "expected"),
    [
        (
            PLAIN,
            SAID,
            ["<|user|>a?<|end|><|assistant|>[1<|end|>]<|user|>b?<|end|><|assistant|>[2<|end|>]"
             "<|user|>c?<|end|><|assistant|>[3<|end|>]"],
        ),
        (
            FORGETS,
            THOUGHT,
            [
                "<|user|>a?<|end|><|assistant|>[<think>x</think>1<|end|>]",
                "<|user|>a?<|end|><|assistant|>1<|end|><|user|>b?<|end|><|assistant|>[<think>y</think>2<|end|>]",
                "<|user|>a?<|end|><|assistant|>1<|end|><|user|>b?<|end|><|assistant|>2<|end|>"
                "<|user|>c?<|end|><|assistant|>[<think>z</think>3<|end|>]",
            ],
        ),
        (
            # A turn that thought nothing is the same in every row: two rows do.
            FORGETS,
            SOME,
            [
                "<|user|>a?<|end|><|assistant|>1<|end|><|user|>b?<|end|><|assistant|>[<think>y</think>2<|end|>]",
                "<|user|>a?<|end|><|assistant|>[1<|end|>]<|user|>b?<|end|><|assistant|>2<|end|>"
                "<|user|>c?<|end|><|assistant|>[3<|end|>]",
            ],
        ),
        (
            RETURNS,
            SAID[:4],
            [
                "<|user|>a?<|end|><|assistant|>[1<|return|>]",
                "<|user|>a?<|end|><|assistant|>1<|end|><|user|>b?<|end|><|assistant|>[2<|return|>]",
            ],
        ),
        (
            # No stop inside the conversation is a matter of the warning, not of the rows.
            ENDS_ONCE,
            SAID[:4],
            ["<|user|>a?<|assistant|>[1]<|user|>b?<|assistant|>[2<|end|>]"],
        ),
        (
            MOVES,
            (SYSTEM, *SAID[:4]),
            [
                "<|user|>sysa?<|end|><|assistant|>[1<|end|>]",
                "<|user|>a?<|end|><|assistant|>1<|end|><|user|>sysb?<|end|><|assistant|>[2<|end|>]",
            ],
        ),
        (
            # No conversation that ends with the model shows the system prompt.
            LEAVES,
            (SYSTEM, *SAID[:4], C),
            [
                "<|user|>sysa?<|end|><|assistant|>[1<|end|>]",
                "<|user|>a?<|end|><|assistant|>1<|end|><|user|>sysb?<|end|><|assistant|>[2<|end|>]",
            ],
        ),
        (
            # What follows the last turn stays only where its row holds it.
            FORGETS,
            (A, model("1", "x"), B),
            ["<|user|>a?<|end|><|assistant|>[<think>x</think>1<|end|>]"],
        ),
    ],
    ids=["plain", "thoughts", "some thoughts", "last stop", "one stop", "moved", "gone", "asked again"],
)  # fmt: skip
def test_rows(source: str, messages: tuple[Message, ...], expected: list[str]) -> None:
    assert shown(rows_of(load_jinja(source), *messages)) == expected


def test_keep_is_one_row_and_says_which_turns_are_not_stable() -> None:
    (row,) = rows_of(load_jinja(FORGETS), *THOUGHT, unstable="keep")
    assert row.whole
    assert [placed.prompt_end is None for placed in row.turns] == [True, True, False]


def test_reject_names_the_turn() -> None:
    with pytest.raises(UnstableTurnError) as caught:
        rows_of(load_jinja(FORGETS), *THOUGHT, unstable="reject")
    assert (caught.value.pointer, caught.value.turns) == ("/messages/1", 3)
    assert len(rows_of(load_jinja(PLAIN), *THOUGHT, unstable="reject")) == 1


def test_a_turn_for_which_there_is_no_prompt_is_kept() -> None:
    fails = (
        PLAIN
        + "{% if messages[-1].role == 'assistant' and add_generation_prompt %}{{ 1/0 }}{% endif %}"
    )
    (row,) = rows_of(load_jinja(fails), A, model("1"), model("2"))
    assert [placed.prompt_end is None for placed in row.turns] == [False, True]


TEXTS = st.sampled_from(["", "x", "two words", "l1\nl2", "\n"])
MESSAGES = st.lists(
    st.one_of(
        st.builds(user, TEXTS),
        st.builds(model, TEXTS, st.sampled_from([None, "", "hm"])),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=60, deadline=None)
@given(messages=MESSAGES, source=st.sampled_from([PLAIN, FORGETS, RETURNS, ENDS_ONCE]))
def test_every_trained_turn_stands_in_one_row_behind_its_own_prompt(
    messages: list[Message], source: str
) -> None:
    messages = [A, *messages]
    template = load_jinja(source)
    conversation = Conversation("id", tuple(messages))
    try:
        rows = rows_of(template, *messages)
    except RowError as error:  # an empty turn behind an empty turn
        assert error.code == "template_turn_unknown"
        reject()
    wanted = [turn.first for turn in model_turns(template.render(conversation).segments)]
    assert [placed.turn.first for row in rows for placed in row.turns] != [] or not wanted
    assert sorted(placed.turn.first for row in rows for placed in row.turns) == wanted
    for row in rows:
        for placed in row.turns:
            if placed.prompt_end is None:
                continue
            before = replace(conversation, messages=tuple(messages[: placed.turn.first]))
            assert row.prompt.text[: placed.prompt_end] == template.server_prompt(before)
            assert placed.prompt_end <= placed.turn.start


TOOL = ToolSpec("now", "Time.", {"type": "object"}, {"name": "now", "parameters": {}})
CALLING = (
    Message("system", "s"),
    A,
    Message("assistant", "look", tool_calls=(ToolCall("now", {"zone": 1}, "c1"),)),
    Message("tool", "12", tool_call_id="c1"),
    Message("assistant", "twelve"),
    B,
    Message("assistant", "", tool_calls=(ToolCall("now", {}, "c2"), ToolCall("now", {}, "c3"))),
    Message("tool", "12", tool_call_id="c2"),
    Message("tool", "13", tool_call_id="c3"),
    Message("assistant", "both"),
)


@pytest.mark.parametrize("chat_format", sorted(CHAT_FORMATS))
@pytest.mark.parametrize("agent_template", sorted(AGENT_TEMPLATES))
def test_hand_written_templates_that_say_so_only_append(
    chat_format: str, agent_template: str
) -> None:
    template = HandWritten(get_template(chat_format, agent_template))
    conversation = Conversation("id", CALLING, (TOOL,))
    prompt = template.render(conversation)
    prompts = template.server_prompts(conversation)
    if not template.appends(conversation):
        return
    turns = model_turns(prompt.segments)
    assert len(turns) == 4
    for turn in turns:
        assert prompt.text[: turn.start] in list(prompts(turn.first))


def test_thinking_formats_are_not_said_to_append() -> None:
    append = {
        name
        for name in CHAT_FORMATS
        if HandWritten(get_template(name)).appends(Conversation("id", CALLING, (TOOL,)))
    }
    assert {"chatml", "qwen2_5"} <= append
    assert append.isdisjoint({"qwen3"})


def test_a_hand_written_template_of_a_thinking_model_is_split_like_its_servers_text() -> None:
    template = HandWritten(get_template("qwen3"))
    head, end = "<|im_start|>assistant\n", "<|im_end|>\n"
    asks = [f"<|im_start|>user\n{c}?{end}" for c in "ab"]
    rows = shown(rows_of(template, A, model("1", "x"), B, model("2")))
    assert rows == [
        f"{asks[0]}{head}[<think>\nx\n</think>\n\n1{end}]",
        f"{asks[0]}{head}1{end}{asks[1]}{head}[<think>\n\n</think>\n\n2{end}]",
    ]
    (row,) = rows_of(template, A, model("1", "x"), B, model("2"), unstable="keep")
    assert row.prompt == template.render(Conversation("id", (A, model("1", "x"), B, model("2"))))


def test_turns_of_messages_without_words() -> None:
    def first_messages(*messages: Message) -> list[tuple[int, int]]:
        prompt = load_jinja(PLAIN).render(Conversation("id", messages))
        return [(turn.first, turn.last) for turn in model_turns(prompt.segments)]

    assert first_messages(A, model(""), B, model("2")) == [(1, 1), (3, 3)]
