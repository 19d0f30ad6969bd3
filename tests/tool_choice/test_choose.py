"""Which tools a row goes on offering."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tool_rows import NAMES, TOOLS, talk, tool

from agentdata.assets import tokenizer_dir
from agentdata.conversation import Conversation, Message
from agentdata.templates.hand_written import HandWritten
from agentdata.templates.prompt import Kind
from agentdata.templates.render import get_template
from agentdata.tokenization import Encoder, load_tokenizer
from agentdata.tool_choice.bm25 import scores
from agentdata.tool_choice.choose import Choice, choose
from agentdata.tool_choice.limits import Limits
from agentdata.tool_choice.needed import called, mentioned, spoken
from agentdata.tool_choice.section import ToolSection


@cache
def section() -> ToolSection:
    encoder = Encoder(load_tokenizer(tokenizer_dir()))
    return ToolSection(HandWritten(get_template("qwen2_5")), encoder)


def chosen(conversation: Conversation, **limits: object) -> Choice | None:
    return choose(conversation, conversation.tools, Limits(**limits), section())  # type: ignore[arg-type]


def names(choice: Choice | None) -> list[str]:
    assert choice is not None
    return [spec.name for spec in choice.tools]


# What is needed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I'll ask get_tide.", {"get_tide"}),
        ("Nothing but target_get_tide_x here", set()),
        ("Use `search` then.", {"search"}),
        ("A search for it", set()),
        ("call search(query) first", {"search"}),
        ("「search」と play_song", {"search", "play_song"}),
        ("我先用get_tide查潮汐，再调用search(query)", {"get_tide", "search"}),
    ],
)
def test_names_in_texts(text: str, found: set[str]) -> None:
    assert spoken(talk(say=text), TOOLS) == found
    assert mentioned(talk(ask=text), TOOLS) == found
    assert not mentioned(talk(say=text), TOOLS)
    assert not spoken(talk(ask=text), TOOLS)


def test_the_model_speaks_in_its_reasoning_too() -> None:
    message = Message("assistant", "Hm.", reasoning="get_tide would do")
    assert spoken(Conversation("r", (message,)), TOOLS) == {"get_tide"}


def test_names_that_are_no_words() -> None:
    odd = (tool("tides/high"), tool("查潮汐"))
    assert spoken(talk(say="by tides/high"), odd) == {"tides/high"}
    assert spoken(talk(say="用「查潮汐」"), odd) == {"查潮汐"}
    assert spoken(talk(say="none"), odd) == frozenset()


def test_all_calls_count() -> None:
    assert called(talk("get_tide", "unknown")) == {"get_tide", "unknown"}


# What stays


def test_rows_within_the_limits_stay_as_they_are() -> None:
    assert chosen(talk("get_tide"), tools=6) is None
    assert chosen(talk("get_tide"), tools=99, distractors="none") is None
    assert chosen(talk("get_tide"), tokens=10_000) is None


def test_called_tools_stay_and_distractors_fill_up() -> None:
    choice = chosen(talk("get_tide", "search"), tools=4)
    assert choice is not None
    assert {"get_tide", "search"} < set(names(choice))
    assert (len(choice.tools), choice.needed, choice.over_tools) == (4, 2, False)


def test_tools_that_the_model_speaks_of_stay() -> None:
    row = talk("get_tide", say="Not play_song, not `search`.")
    assert set(names(chosen(row, tools=1))) == {"get_tide", "play_song", "search"}


def test_called_tools_stay_over_the_limit() -> None:
    choice = chosen(talk("get_tide", "search", "play_song"), tools=2)
    assert set(names(choice)) == {"get_tide", "search", "play_song"}
    assert choice is not None
    assert choice.over_tools


def test_no_distractors() -> None:
    assert names(chosen(talk("get_tide"), tools=3, distractors="none")) == ["get_tide"]
    assert names(chosen(talk(), tools=3, distractors="none")) == []


def test_two_tools_of_one_name_both_stay() -> None:
    twice = replace(talk("get_tide"), tools=(*TOOLS, tool("get_tide", "Another.")))
    assert Counter(names(chosen(twice, tools=3)))["get_tide"] == 2


def test_tools_that_the_text_names_come_before_others() -> None:
    row = talk("get_tide", ask="Never use play_song.")
    assert all("play_song" in names(chosen(row, tools=2, seed=seed)) for seed in range(8))


def test_bm25_takes_what_is_most_like_the_question() -> None:
    row = talk("get_tide", ask="When is high water, and what ferry departures are there?")
    kept = names(chosen(row, tools=3, distractors="bm25"))
    assert set(kept) == {"get_tide", "get_ferry", "book_ferry"}


def test_scores_are_those_of_the_formula() -> None:
    """Lucene's BM25 by hand: idf = ln(1 + (N - n + 0.5) / (n + 0.5)), b = 0.75, k1 = 1.5."""
    tools = [tool("a", "ferry ferry line"), tool("b", "ferry"), tool("c", "song")]
    mean = (4 + 2 + 2) / 3
    idf = log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    expected = [
        idf * count / (count + 1.5 * (1 - 0.75 + 0.75 * length / mean))
        for count, length in ((2, 4), (1, 2))
    ]
    assert scores("Ferry? FERRY!", tools) == pytest.approx([*expected, 0.0], abs=1e-5)


def test_parameters_tell_too() -> None:
    tools = [
        tool("a", harbour_name={"type": "string"}),
        tool("b"),
        tool("c", x={"description": "A quay"}),
    ]
    assert [score > 0 for score in scores("harbours: the harbour", tools)] == [True, False, False]
    assert [score > 0 for score in scores("quay", tools)] == [False, False, True]
    assert scores("properties object string", tools) == [0.0, 0.0, 0.0]


def test_nothing_in_common_scores_nothing() -> None:
    assert scores("zebra", TOOLS) == [0.0] * len(TOOLS)


# Draws


def test_order_and_choice_depend_on_row_and_seed_alone() -> None:
    def of(row: Conversation, seed: int) -> list[str]:
        return names(chosen(row, tools=4, seed=seed))

    rows = [talk("get_tide", id_=f"row-{number}") for number in range(40)]
    assert [of(row, 0) for row in rows] == [of(row, 0) for row in rows]
    assert len({tuple(of(row, 0)) for row in rows}) > 20
    assert [of(row, 0) for row in rows] != [of(row, 1) for row in rows]
    # Neither the place of the called tool nor which others stay tells anything.
    places = Counter(of(row, 0).index("get_tide") for row in rows)
    assert set(places) == {0, 1, 2, 3}
    assert set().union(*(of(row, 0) for row in rows)) == set(NAMES)


def test_a_row_without_an_id_of_its_own_is_drawn_by_its_content() -> None:
    row = talk("get_tide", meta={"split_key": "content"})
    moved = replace(row, id="file.jsonl:99")
    assert chosen(row, tools=3) == chosen(moved, tools=3)


# Tokens


def test_the_section_is_what_the_template_writes_of_the_tools() -> None:
    row = talk("get_tide")
    template = HandWritten(get_template("qwen2_5"))
    prompt = template.render(row)
    text = "".join(s.text for s in prompt.segments if s.kind is Kind.TOOLS)
    encoder = Encoder(load_tokenizer(tokenizer_dir()))
    assert section().tokens(row, row.tools) == len(encoder.encode_text(text).ids)
    assert section().tokens(row, ()) == 0


@given(st.integers(1, 700), st.sets(st.sampled_from(NAMES)), st.integers(0, 99))
def test_the_budget_is_kept_and_used(budget: int, calls: set[str], seed: int) -> None:
    row = talk(*sorted(calls))
    choice = chosen(row, tokens=budget, seed=seed)
    if choice is None:
        assert section().tokens(row, row.tools) <= budget
        return
    kept = set(names(choice))
    assert calls <= kept
    needed = [spec for spec in row.tools if spec.name in calls]
    assert choice.over_tokens == (section().tokens(row, needed) > budget)
    if choice.over_tokens:
        assert kept == calls
        return
    assert section().tokens(row, choice.tools) <= budget
    for spec in row.tools:
        # None of those left out would have fitted too, but for a few tokens at the joints.
        if spec.name not in kept:
            assert section().tokens(row, (*choice.tools, spec)) > budget - 4


@given(
    st.integers(1, 7), st.sets(st.sampled_from(NAMES)), st.sampled_from(["random", "bm25", "none"])
)
def test_the_limit_is_kept(limit: int, calls: set[str], distractors: str) -> None:
    row = talk(*sorted(calls), ask="ferry")
    choice = chosen(row, tools=limit, distractors=distractors)
    kept = list(NAMES) if choice is None else names(choice)
    assert calls <= set(kept)
    assert len(kept) == len(set(kept))
    if distractors != "none":
        assert len(kept) == max(len(calls), min(limit, len(NAMES)))
    elif choice is not None:
        assert set(kept) == calls
