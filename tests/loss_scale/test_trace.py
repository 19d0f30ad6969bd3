"""What set a weight is told by the code that weighs: the factors multiply to the weight."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.assets import sample_dir
from agentdata.conversation import Conversation, Message
from agentdata.errors import RowError
from agentdata.example import Rendered, rendered
from agentdata.house import House, open_house
from agentdata.intake import plan_tasks, read_conversation, read_rows
from agentdata.loss_scale import Rule, Step, Trace
from agentdata.recipe import make_recipe

TOLD = [
    {"loss_scale": "default"},
    {"loss_scale": "last_round+react", "agent_template": "react_en"},
    {"loss_scale": "all+hermes"},
    {"loss_scale": "agentflan+ignore_empty_think", "agent_template": "react_en"},
    {"loss_scale": "hermes", "weights": {"tool_call": 2, "tool_call.name": 3, "reasoning": 0.5}},
    {"loss_scale": "qwen", "template": "qwen3", "weights": {"end_of_turn": 0.0}},
]


SAMPLE = ("openai.jsonl", "swift.jsonl", "msagent_react.jsonl")


def house(told: dict[str, object]) -> House:
    return open_house(make_recipe({"sources": ["-"], "tokenizer": "bundled", **told}))


def characters(row: Rendered) -> tuple[np.ndarray, np.ndarray]:
    """For every character its weight, and the product of the factors that are told of it."""
    assert row.trace is not None
    length = len(row.prompt.text)
    assert row.trace.runs[-1][0] == length
    place = np.searchsorted(row.weights.ends, np.arange(length), side="right")
    ends = np.array([end for end, _ in row.trace.runs])
    assert (np.diff(ends) > 0).all()
    products = np.array([np.prod([s.weight for s in steps]) for _, steps in row.trace.runs])
    told = products[np.searchsorted(ends, np.arange(length), side="right")]
    return row.weights.values[place], told.astype(np.float32)


@pytest.mark.parametrize("told", TOLD, ids=lambda told: "-".join(map(str, told.values())))
def test_the_factors_of_every_character_multiply_to_its_weight(told: dict[str, object]) -> None:
    open_ = house(told)
    count = 0
    for task in plan_tasks([str(sample_dir() / name) for name in SAMPLE]):
        for raw in read_rows(task):
            try:
                conversation = read_conversation(raw, task)
            except RowError:
                continue
            plain = rendered(conversation, open_)
            for row, bare in zip(rendered(conversation, open_, traced=True), plain, strict=True):
                weights, products = characters(row)
                np.testing.assert_array_equal(weights, products)
                # Being asked why changes nothing.
                np.testing.assert_array_equal(row.weights.ends, bare.weights.ends)
                np.testing.assert_array_equal(row.weights.values, bare.weights.values)
                count += 1
    assert count > 60


def steps_at(row: Rendered, text: str) -> tuple[Step, ...]:
    """The factors of the first character of `text`, which occurs once."""
    assert row.trace is not None
    assert row.prompt.text.count(text) == 1
    place = row.prompt.text.index(text)
    return next(steps for end, steps in row.trace.runs if end > place)


USER = Message("user", "ask")


@pytest.mark.parametrize(
    ("told", "message", "text", "expected"),
    [
        ({}, USER, "ask", [(Rule.GIVEN, 0, "", "")]),
        ({}, Message("assistant", "reply"), "reply", [(Rule.STRATEGY, 1, "", "default")]),
        (
            {"loss_scale": "react"},
            Message("assistant", "Action: now"),
            "Action:",
            [(Rule.STRATEGY, 1, "", "default"), (Rule.KEY, 2, "Action:", "react")],
        ),
        (
            {"loss_scale": "react"},
            Message("assistant", "Action: now"),
            "now",
            [(Rule.STRATEGY, 1, "", "default"), (Rule.AFTER_KEY, 2, "Action:", "react")],
        ),
        (
            {"loss_scale": "react"},
            Message("assistant", "reply"),
            "reply",
            [(Rule.STRATEGY, 1, "", "default"), (Rule.NO_MATCH, 1, "", "react")],
        ),
        (
            {"loss_scale": "hermes"},
            Message("assistant", "<tool_call>x</tool_call>"),
            "<tool_call>",
            [
                (Rule.STRATEGY, 1, "", "default"),
                (Rule.PATTERN, 2, "<tool_call>.+?</tool_call>", "hermes"),
            ],
        ),
        ({}, Message("assistant", "reply", loss=False), "reply", [(Rule.MESSAGE_LOSS, 0, "", "")]),
        (
            {"loss_scale": "react"},
            Message("assistant", "Action: now", loss_scale=0.5),
            "now",
            [(Rule.STRATEGY, 1, "", "default"), (Rule.MESSAGE_LOSS_SCALE, 0.5, "", "")],
        ),
        (
            {"weights": {"content": 0.25}},
            Message("assistant", "reply"),
            "reply",
            [(Rule.STRATEGY, 1, "", "default"), (Rule.KIND, 0.25, "content", "")],
        ),
    ],
)
def test_what_set_a_weight(
    told: dict[str, object], message: Message, text: str, expected: list[tuple[object, ...]]
) -> None:
    messages = (USER,) if message is USER else (USER, message)
    [row] = rendered(Conversation("a", messages), house(told), traced=True)
    assert [tuple(step) for step in steps_at(row, text)] == expected


def test_an_earlier_round_is_not_trained_by_the_strategy() -> None:
    messages = (USER, Message("assistant", "early"), USER, Message("assistant", "late"))
    [row] = rendered(Conversation("a", messages), house({"loss_scale": "last_round"}), traced=True)
    assert steps_at(row, "early") == (Step(Rule.STRATEGY, 0, "", "last_round"),)
    assert steps_at(row, "late") == (Step(Rule.STRATEGY, 1, "", "last_round"),)


FACTOR = st.sampled_from([None, *(Step(Rule.KIND, weight, str(weight)) for weight in (0.0, 2.0))])
PIECES = st.lists(st.tuples(st.integers(0, 4), FACTOR), min_size=1, max_size=8)


@given(PIECES, PIECES)
def test_factors_are_added_where_their_pieces_stand(
    first: list[tuple[int, Step | None]], second: list[tuple[int, Step | None]]
) -> None:
    def spread(pieces: list[tuple[int, Step | None]], length: int) -> list[Step | None]:
        out = [step for count, step in pieces for _ in range(count)][:length]
        return out + [pieces[-1][1]] * (length - len(out))

    length = sum(count for count, _ in first)
    ones, others = spread(first, length), spread(second, length)
    trace = Trace()
    for end, step in enumerate(ones, 1):
        trace.add(end, (step,) if step else ())
    trace.multiply((end, step) for end, step in enumerate(others, 1))
    ends = [end for end, _ in trace.runs]
    assert ends == sorted(set(ends))
    for place, (one, other) in enumerate(zip(ones, others, strict=True)):
        steps = next(steps for end, steps in trace.runs if end > place)
        assert steps == tuple(step for step in (one, other) if step)
