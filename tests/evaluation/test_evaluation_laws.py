"""Laws of the figures: what is right scores 1, what is wrong lowers its own figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.evaluation import (
    Compare,
    ExpectedTurn,
    PredictedTurn,
    TurnVerdict,
    expected_turns,
    judge,
)
from agentdata.evaluation.figures import added, figures, turn_sums, values

LOWER_IS_BETTER = {
    "hallucinated",
    "missing_calls",
    "extra_calls",
    "missing_arguments",
    "extra_arguments",
}
TOOLS = tuple(
    ToolSpec(name, "", {"type": "object", "properties": properties}, {"name": name})
    for name, properties in {
        "weather": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "time": {"zone": {"type": "string"}},
    }.items()
)
PLAIN = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | st.text(max_size=4)
JSON_VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
CALLS = st.lists(
    st.builds(
        ToolCall,
        st.sampled_from(["weather", "time", "other"]),
        st.dictionaries(
            st.sampled_from(["city", "days", "zone"]) | st.text(max_size=3), JSON_VALUES, max_size=3
        )
        | st.text(max_size=4),
    ),
    max_size=4,
)


def expected(*calls: ToolCall, text: str = "", urls: tuple[str | None, ...] = ()) -> ExpectedTurn:
    (turn,) = expected_turns(
        Conversation(
            "1",
            (Message("assistant", text, tool_calls=calls),),
            TOOLS,
            meta={"call_urls": list(urls)},
        )
    )
    return turn


def predicted(*calls: ToolCall, text: str = "", urls: tuple[Any, ...] = ()) -> PredictedTurn:
    return PredictedTurn(calls, text, urls or (None,) * len(calls))


def of(verdict: TurnVerdict) -> dict[str, float | None]:
    return values(turn_sums(verdict))


@given(CALLS, st.text(max_size=9), st.sampled_from(Compare), st.booleans(), st.randoms())
def test_a_prediction_equal_to_the_reference_scores_1_everywhere(
    calls: list[ToolCall], text: str, compare: Compare, ordered: bool, random: Any
) -> None:
    # BFCL takes "" for a parameter that is left out, and no value of a type other than text.
    odd = any(isinstance(c.arguments, dict) and c.arguments.get("days") == "" for c in calls)
    assume(compare is not Compare.BFCL or not odd)
    turn = expected(*calls, text=text)
    if not ordered:
        random.shuffle(calls)
    verdict = judge(turn, predicted(*calls, text=text), compare, ordered=ordered)
    assert verdict.is_right and verdict.quality == 1
    known = ("schema_valid", "hallucinated")  # these hold the calls against the tools instead
    for name, value in of(verdict).items():
        if value is not None and name not in known:
            assert value == (name not in LOWER_IS_BETTER), name


CALL = ToolCall("weather", {"city": "Oslo", "days": 2})
OTHER = ToolCall("time", {"zone": "UTC"})
Change = Callable[[PredictedTurn], PredictedTurn]


def with_calls(*calls: ToolCall) -> Change:
    return lambda turn: replace(
        turn, calls=calls, urls=("u", *[None] * (len(calls) - 1))[: len(calls)]
    )


def with_arguments(**arguments: Any) -> Change:
    return with_calls(ToolCall("weather", arguments), OTHER)


@pytest.mark.parametrize(
    ("change", "worse"),
    [
        (
            with_calls(ToolCall("wether", CALL.arguments), OTHER),
            {"name", "argument_names", "argument_values", "argument_f1", "hallucinated"},
        ),
        (
            with_arguments(city="Oslo"),
            {"argument_names", "argument_values", "argument_f1", "missing_arguments"},
        ),
        (
            with_arguments(city="Oslo", days=2, unit="C"),
            {"argument_names", "argument_values", "argument_f1", "extra_arguments"}
            | {"schema_valid"},
        ),
        (
            with_arguments(city="Oslo", day=2),
            {"argument_names", "argument_values", "argument_f1", "missing_arguments"}
            | {"extra_arguments", "schema_valid"},
        ),
        (with_arguments(city="Bergen", days=2), {"argument_values", "argument_f1"}),
        (with_arguments(city="Oslo", days="2"), {"argument_values", "argument_f1", "schema_valid"}),
        (
            with_calls(ToolCall("weather", "Oslo"), OTHER),
            {"argument_names", "argument_values", "argument_f1", "missing_arguments"}
            | {"extra_arguments", "schema_valid"},
        ),
        (
            with_calls(CALL),
            {"name", "argument_names", "argument_values", "argument_f1", "missing_calls"},
        ),
        (with_calls(CALL, OTHER, OTHER), {"extra_calls"}),
        (
            with_calls(),
            {"name", "url", "argument_names", "argument_values", "argument_f1", "missing_calls"}
            | {"call_recall"},
        ),
        (lambda turn: replace(turn, urls=("v", None)), {"url"}),
        (lambda turn: replace(turn, content="I look"), {"rouge_l"}),
        (lambda turn: replace(turn, fault="missing_end"), {"format"}),
    ],
)
def test_a_mutation_lowers_its_own_figures_and_no_other(change: Change, worse: set[str]) -> None:
    turn = expected(CALL, OTHER, text="Let me look.", urls=("u", None))
    right = predicted(CALL, OTHER, text="Let me look.", urls=("u", None))
    before, after = of(judge(turn, right)), of(judge(turn, change(right)))
    lower = {
        name
        for name, value in after.items()
        if value is not None
        and (value > before[name] if name in LOWER_IS_BETTER else value < before[name])
    }
    of_the_whole = set() if worse <= {"rouge_l", "format"} else {"turn"}
    if not worse <= {"rouge_l", "format", "extra_calls"}:
        of_the_whole.add("call")
    assert lower == worse | of_the_whole


def test_calls_are_paired_so_that_most_is_right_unless_ordered() -> None:
    turn = expected(CALL, OTHER)
    assert judge(turn, predicted(OTHER, CALL)).is_right
    ordered = judge(turn, predicted(OTHER, CALL), ordered=True)
    assert [call.name for call in ordered.calls] == [False, False]


def test_a_turn_without_calls_is_right_without_calls() -> None:
    turn = expected(text="Hello.")
    assert of(judge(turn, predicted(text="Hello.")))["irrelevance"] == 1
    called = judge(turn, predicted(OTHER, text="Hello."))
    assert not called.is_right
    assert (of(called)["irrelevance"], of(called)["call_precision"]) == (0, 0)


@pytest.mark.parametrize(
    ("given_", "score"),
    [
        ({"city": "Oslo", "days": 2}, 1.0),
        ({"city": "Oslo", "days": 3}, 0.75),
        ({"city": "Oslo"}, 2 / 3),
        ({"city": "Bergen"}, 1 / 3),
        ({"city": "Oslo", "days": 2, "unit": "C"}, 0.8),
        ({}, 0.0),
    ],
)
def test_argument_f1_counts_a_wrong_value_half(given_: dict[str, Any], score: float) -> None:
    verdict = judge(expected(CALL), predicted(ToolCall("weather", given_)))
    assert of(verdict)["argument_f1"] == pytest.approx(score)


def test_several_values_are_accepted_and_optional_ones_may_lack() -> None:
    accepted = [{"city": ["Oslo", "Oslo, NO"], "days": ["", 1]}]
    row = Conversation(
        "1",
        (Message("assistant", tool_calls=(ToolCall("weather", {"city": "Oslo"}),)),),
        TOOLS,
        meta={"accepted": [{"message": 0, "calls": accepted}]},
    )
    (turn,) = expected_turns(row)
    for arguments in ({"city": "Oslo"}, {"city": "Oslo, NO", "days": 1}):
        assert judge(turn, predicted(ToolCall("weather", arguments))).is_right
    for arguments in ({"days": 1}, {"city": "Oslo", "days": 2}, {"city": "oslo"}):
        assert not judge(turn, predicted(ToolCall("weather", arguments))).is_right


VERDICTS = st.lists(
    st.builds(lambda one, two: judge(expected(*one), predicted(*two)), CALLS, CALLS), max_size=6
)


@settings(max_examples=40)
@given(VERDICTS, st.randoms(), st.integers(0, 3))
def test_figures_and_intervals_do_not_depend_on_the_order_of_rows(
    verdicts: list[TurnVerdict], random: Any, seed: int
) -> None:
    rows = [turn_sums(verdict) for verdict in verdicts]
    before = figures(rows, seed=seed, resamples=50)
    random.shuffle(rows)
    after = figures(rows, seed=seed, resamples=50)
    assert after.keys() == before.keys()
    for name, figure in before.items():
        assert after[name].model_dump() == pytest.approx(figure.model_dump()), name


def test_figures_are_ratios_of_sums_and_intervals_those_of_the_bootstrap() -> None:
    right = turn_sums(judge(expected(OTHER), predicted(OTHER)))
    wrong = turn_sums(judge(expected(OTHER), predicted(CALL)))
    rows = [right] * 30 + [wrong] * 70
    figure = figures(rows, resamples=2000)["name"]
    assert (figure.value, figure.of) == (0.3, 100) == (values(added(rows))["name"], 100)
    # A share of 100 draws: 0.3 +- 1.96 * sqrt(0.3 * 0.7 / 100).
    assert (figure.low, figure.high) == pytest.approx((0.21, 0.39), abs=0.015)
    assert figures(rows, seed=1)["name"].low == figures(rows, seed=1)["name"].low
    certain = figures([right] * 5)["name"]
    assert (certain.value, certain.low, certain.high) == (1, 1, 1)
    without = figures(rows, resamples=0)["name"]
    assert (without.value, without.low) == (0.3, None)
    assert np.allclose(added([right, wrong]), right + wrong)
