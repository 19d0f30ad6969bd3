"""Real rows: their own answers are right, whatever the format, and mutated ones are not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from agentdata.conversation import Conversation, ToolCall
from agentdata.errors import RowError
from agentdata.evaluation import Compare, ExpectedTurn, PredictedTurn, expected_turns, judge
from agentdata.intake import plan_tasks, read_conversation, read_rows

pytestmark = pytest.mark.parity

BFCL = [
    *("simple_python", "multiple", "parallel", "parallel_multiple"),
    *("live_simple", "live_multiple", "live_parallel", "live_parallel_multiple"),
]


def conversations(path: Path) -> Iterator[Conversation]:
    for task in plan_tasks([str(path)]):
        for raw in read_rows(task):
            try:
                yield read_conversation(raw, task)
            except RowError:
                continue


def answer(turn: ExpectedTurn) -> PredictedTurn:
    calls = tuple(expected.call for expected in turn.calls)
    text = turn.texts[0] if turn.texts else ""
    return PredictedTurn(calls, text, tuple(expected.url for expected in turn.calls))


@pytest.mark.parametrize(
    "name",
    [
        "msagent/README_CN_MS_Agent_Bench_20.json",
        "msagent/swift_docs_zh_MS_Agent_Bench_126374.json",
        "hermes/few_shot.json",
        "xlam/xlam_row0.json",
        "openai-cookbook/drone_training.first3.jsonl",
        "acebench/data_en/data_normal_single_turn_parallel_function.json",
        "tau2-bench/sft-v1-small-openai/test_sft-v1-small.jsonl",
    ],
)
def test_rows_agree_with_themselves(shared: Path, name: str) -> None:
    calls = 0
    for conversation in islice(conversations(shared / "data" / name), 50):
        for turn in expected_turns(conversation):
            calls += len(turn.calls)
            for compare in Compare:
                verdict = judge(turn, answer(turn), compare)
                assert verdict.is_right, (conversation.id, turn.turn, compare)
                assert verdict.rouge_l in (None, 1)
    assert calls


@pytest.mark.parametrize("name", BFCL)
def test_bfcl_answers_are_right_and_mutated_ones_wrong(shared: Path, name: str) -> None:
    draw = random.Random(name)
    path = shared / "data/bfcl-v4" / f"BFCL_v4_{name}.json"
    for conversation in islice(conversations(path), 300):
        for turn in expected_turns(conversation):
            right = answer(turn)
            for compare in (Compare.JSON, Compare.BFCL):
                assert judge(turn, right, compare).is_right, conversation.id
                for calls in mutated(draw, right.calls, turn):
                    wrong = PredictedTurn(tuple(calls), "", (None,) * len(calls))
                    assert not judge(turn, wrong, compare).is_right, (conversation.id, calls)


def mutated(
    draw: random.Random, calls: tuple[ToolCall, ...], turn: ExpectedTurn
) -> Iterator[list[ToolCall]]:
    """A name, an argument and a call that are wrong whatever is accepted."""
    at = draw.randrange(len(calls))
    name, arguments = calls[at].name, calls[at].arguments
    assert isinstance(arguments, dict)

    def with_call(name: str, arguments: dict[str, Any]) -> list[ToolCall]:
        return [*calls[:at], ToolCall(name, arguments), *calls[at + 1 :]]

    yield with_call(f"{name}_x", arguments)
    yield with_call(name, arguments | {"no_such_parameter": 1})
    yield [*calls, calls[at]]
    yield [*calls[:at], *calls[at + 1 :]]
    for key in arguments:
        if not turn.calls[at].may_lack(key):
            yield with_call(name, {k: v for k, v in arguments.items() if k != key})
        yield with_call(name, arguments | {key: {"no": "such value"}})


@pytest.mark.parametrize(("name", "calls"), [("irrelevance", False), ("live_relevance", True)])
def test_bfcl_says_whether_to_call(shared: Path, name: str, calls: bool) -> None:
    path = shared / "data/bfcl-v4" / f"BFCL_v4_{name}.json"
    for conversation in conversations(path):
        (turn,) = expected_turns(conversation)
        assert turn.calls_expected is calls
        some = PredictedTurn((ToolCall("f", {}),), "", (None,))
        assert judge(turn, some).is_right is calls
        assert judge(turn, PredictedTurn((), "No.", ())).is_right is not calls
