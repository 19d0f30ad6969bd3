"""Weights by kind of text: tables for all templates, and the law that they multiply."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agentdata.cli import main_group
from agentdata.conversation import Conversation, Message, NativeTurn, ToolCall
from agentdata.errors import UsageError
from agentdata.example import UNKNOWN_CALL_PARTS, rendered
from agentdata.house import House, open_house
from agentdata.loss_scale import Weights, parse_loss_scale, weigh_kinds
from agentdata.loss_scale.kinds import WEIGHTED_KINDS, check_weights, parse_weights
from agentdata.recipe import make_recipe
from agentdata.templates import Kind, Prompt, Segment, get_template
from agentdata.templates.agent_templates import AGENT_TEMPLATES
from agentdata.templates.hand_written import HandWritten

KINDS = {
    "reasoning": 0.5,
    "content": 3.0,
    "tool_call": 5.0,
    "tool_call.name": 7.0,
    "tool_call.arguments": 11.0,
    "end_of_turn": 13.0,
}
CALLS = (ToolCall("clock", {"zone": "Asia/上海"}), ToolCall("dial", {"number": 20}))
SAMPLE = Conversation(
    "sample",
    (
        Message("system", "Be brief."),
        Message("user", "Time?"),
        Message("assistant", "I look.", reasoning="hm", tool_calls=CALLS),
        Message("tool", "12:00 clock"),
        Message("tool", "rung"),
        Message("assistant", "Noon."),
    ),
)


@cache
def opened() -> House:
    return open_house(make_recipe({"sources": ["x"], "tokenizer": "bundled"}))


def house(
    agent_template: str,
    weights: dict[str, float],
    loss_scale: str = "default",
    chat_format: str = "chatml",
) -> House:
    """A house for one recipe; the tokenizer is loaded but once."""
    values = {"sources": ["x"], "tokenizer": "bundled", "weights": weights}
    return replace(
        opened(),
        recipe=make_recipe(values),
        template=HandWritten(get_template(chat_format, agent_template)),
        loss_scale=parse_loss_scale(loss_scale),
    )


def pieces(conversation: Conversation, told: House) -> list[tuple[str, float]]:
    """The weighed pieces of the prompt, those of weight 0 left out."""
    (row,) = rendered(conversation, told)
    ends, values = row.weights.ends.tolist(), row.weights.values.tolist()
    assert ends[-1] == len(row.prompt.text)
    found = [
        (row.prompt.text[start:end], weight)
        for start, end, weight in zip([0, *ends], ends, values, strict=False)
    ]
    return [piece for piece in found if piece[1]]


def test_hermes_piece_by_piece() -> None:
    assert pieces(SAMPLE, house("hermes", KINDS)) == [
        ("<think>\nhm\n</think>\n\n", 0.5),
        ("I look.", 3.0),
        ('<tool_call>\n{"name": "', 5.0),
        ("clock", 7.0),
        ('", "arguments": ', 5.0),
        ('{"zone": "Asia/上海"}', 11.0),
        ('}\n</tool_call>\n<tool_call>\n{"name": "', 5.0),
        ("dial", 7.0),
        ('", "arguments": ', 5.0),
        ('{"number": 20}', 11.0),
        ("}\n</tool_call>", 5.0),
        ("<|im_end|>\n", 13.0),
        ("Noon.", 3.0),
        ("<|im_end|>\n", 13.0),
    ]


def test_react_piece_by_piece() -> None:
    assert pieces(SAMPLE, house("react_en", KINDS))[2:7] == [
        ("Action: ", 5.0),
        ("clock", 7.0),
        ("\nAction Input: ", 5.0),
        ("{'zone': 'Asia/上海'}", 11.0),
        ("\nAction: ", 5.0),
    ]


@pytest.mark.parametrize("name", sorted(AGENT_TEMPLATES))
def test_names_and_arguments_in_every_template(name: str) -> None:
    found = pieces(SAMPLE, house(name, KINDS))
    assert [text for text, weight in found if weight == 7.0] == ["clock", "dial"]
    arguments = [text for text, weight in found if weight == 11.0]
    assert ["Asia/上海" in text for text in arguments] == [True, False]
    assert ["20" in text for text in arguments] == [False, True]
    assert not any("12:00" in text or "Time?" in text or "Be brief" in text for text, _ in found)


@pytest.mark.parametrize("name", sorted(AGENT_TEMPLATES))
@pytest.mark.parametrize("kind", ["reasoning", "content", "tool_call", "end_of_turn"])
def test_a_kind_is_weighed_alone_in_every_template(name: str, kind: str) -> None:
    (row,) = rendered(SAMPLE, house(name, {kind: 2.0}))
    start = 0
    for segment in row.prompt.segments:
        place = int(np.searchsorted(row.weights.ends, start, side="right"))
        expected = 2.0 if segment.kind is Kind(kind) else float(segment.trainable)
        assert row.weights.values[place] == expected
        start += len(segment.text)


def test_a_call_without_weights_for_its_parts_weighs_as_one() -> None:
    found = pieces(SAMPLE, house("hermes", {"tool_call": 2.0, "tool_call.name": 3.0}))
    assert found[1:5] == [
        ('<tool_call>\n{"name": "', 2.0),
        ("clock", 3.0),
        ('", "arguments": {"zone": "Asia/上海"}}\n</tool_call>\n<tool_call>\n{"name": "', 2.0),
        ("dial", 3.0),
    ]


def test_all_trains_given_text_without_the_weights_of_kinds() -> None:
    found = pieces(SAMPLE, house("hermes", {"content": 3.0}, loss_scale="all"))
    assert [text for text, weight in found if weight == 3.0] == ["I look.", "Noon."]


def test_thinking_that_the_server_writes_is_not_weighed() -> None:
    segments = (
        Segment("<think>", Kind.REASONING),
        Segment("hm", Kind.REASONING, trainable=True),
        Segment("clock", Kind.TOOL_CALL),
    )
    all_text = Weights(np.array([14], np.int64), np.array([1], np.float32))
    product = weigh_kinds(Prompt(segments), all_text, {"reasoning": 0.5, "tool_call": 2.0})
    assert product.ends.tolist() == [7, 9, 14]
    assert product.values.tolist() == [1.0, 0.5, 1.0]


@pytest.mark.parametrize(
    "conversation",
    [
        # A ReAct text whose arguments hold the words of a call is read otherwise than written.
        Conversation(
            "id",
            (
                Message("user", "q"),
                Message("assistant", tool_calls=(ToolCall("f", "x\nAction: g\nAction Input: y"),)),
            ),
        ),
        Conversation(
            "id",
            (Message("user", "q"),),
            native=(
                NativeTurn("user", (("text", "q"),)),
                NativeTurn("assistant", (("tool_call", "Action: f\nAction Input: {}"),)),
            ),
        ),
    ],
    ids=["ambiguous", "as the data wrote it"],
)
def test_parts_that_are_not_sure_are_counted_and_not_guessed(conversation: Conversation) -> None:
    chat_format = "modelscope_agent" if conversation.native else "chatml"
    (row,) = rendered(conversation, house("react_zh", KINDS, chat_format=chat_format))
    assert row.conversation.warnings == (UNKNOWN_CALL_PARTS,)
    assert set(row.weights.values.tolist()) == {0.0, 5.0, 13.0}


NUMBERS = st.floats(0, 10, allow_nan=False).map(lambda number: round(number, 3))
ROLES = st.sampled_from(["user", "assistant", "tool"])
ROWS = st.lists(st.tuples(ROLES, st.text(max_size=6), st.booleans(), st.sampled_from([None, 2.5])))


@given(
    st.dictionaries(st.sampled_from(WEIGHTED_KINDS), NUMBERS, min_size=1),
    st.sampled_from(["default", "last_round", "all", "hermes", "default+react+hermes"]),
    st.sampled_from(sorted(AGENT_TEMPLATES)),
    ROWS,
)
def test_weights_multiply_and_never_change_the_text(
    weights: dict[str, float],
    loss_scale: str,
    name: str,
    rows: list[tuple[str, str, bool, float | None]],
) -> None:
    messages = tuple(
        Message(
            role,  # type: ignore[arg-type]
            text,
            tool_calls=CALLS if calls and role == "assistant" else (),
            loss_scale=scale if role == "assistant" else None,
        )
        for role, text, calls, scale in rows
    )
    conversation = Conversation("id", (Message("user", "q"), *messages))
    (plain,) = rendered(conversation, house(name, {}, loss_scale=loss_scale))
    (row,) = rendered(conversation, house(name, weights, loss_scale=loss_scale))
    assert row.prompt == plain.prompt
    at = np.arange(len(plain.prompt.text))
    before = plain.weights.values[np.searchsorted(plain.weights.ends, at, side="right")]
    after = row.weights.values[np.searchsorted(row.weights.ends, at, side="right")]
    start = 0
    for segment in plain.prompt.segments:
        place = slice(start, start + len(segment.text))
        start = place.stop
        factors = {weights.get(segment.kind.value, 1.0)} if segment.trainable else {1.0}
        if segment.kind is Kind.TOOL_CALL:
            factors |= {weights[kind] for kind in weights if kind.startswith("tool_call.")}
        allowed = [(before[place].astype(float) * one).astype(np.float32) for one in factors]
        assert np.any([after[place] == one for one in allowed], axis=0).all()
        if len(allowed) == 1:
            assert (after[place] == allowed[0]).all()


ROW = (
    '{"messages": [{"role": "user", "content": "q"}, {"role": "tool_call", "content": '
    '"{\\"name\\": \\"clock\\", \\"arguments\\": {\\"zone\\": 1}}"}]}\n'
)


def test_the_command_line_takes_weights_and_the_ids_stay(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(ROW)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("weights: {tool_call: 2, tool_call.name: 4}\n")
    options = ["compile", str(tmp_path / "rows.jsonl"), "--tokenizer", "bundled", "--quiet"]
    runs = {
        "plain": [],
        "option": ["--weights", "tool_call=2,tool_call.name=4"],
        "recipe": ["--recipe", str(recipe)],
    }
    tables = {}
    for name, more in runs.items():
        out = tmp_path / name
        result = CliRunner().invoke(main_group, [*options, "--out", str(out), *more])
        assert result.exit_code == 0, result.output
        tables[name] = pl.read_parquet(out / "data" / "*.parquet")
    assert tables["plain"]["input_ids"].equals(tables["option"]["input_ids"])
    assert tables["plain"]["labels"].equals(tables["option"]["labels"])
    weights = set(tables["option"]["loss_weights"][0].to_list())
    assert weights == {0.0, 1.0, 2.0, 4.0}
    assert tables["option"].equals(tables["recipe"])


def test_stats_of_raw_rows_take_weights(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(ROW)
    options = ["stats", str(tmp_path / "rows.jsonl"), "--tokenizer", "bundled", "--json"]
    plain = CliRunner().invoke(main_group, [*options])
    none = CliRunner().invoke(main_group, [*options, "--weights", "tool_call=0,end_of_turn=0"])
    assert (plain.exit_code, none.exit_code) == (0, 0)
    assert '"no_trained_tokens"' in none.output
    assert '"no_trained_tokens"' not in plain.output


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("tool=2", "unknown_kind", "--weights: there is no kind 'tool'"),
        ("tool_result=2", "unknown_kind", "--weights: there is no kind 'tool_result'"),
        ("header=1", "unknown_kind", "one of: reasoning, content, tool_call, tool_call.name"),
        ("content", "bad_weights", "'content' has no weight"),
        ("", "bad_weights", "--weights"),
        ("content=1,content=2", "bad_weights", "'content' is given twice"),
        ("content=-1", "bad_weights", "content=-1.0: weights are finite"),
        ("content=nan", "bad_weights", "content=nan"),
        ("content=inf", "bad_weights", "content=inf"),
        ("content=much", "bad_weights", "content=much"),
    ],
)
def test_faults_of_the_option(text: str, code: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_weights(text)
    assert caught.value.code == code
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "weights", [[1], "content=1", {"content": True}, {"content": None}, {"content": [1]}, {1: 1}]
)
def test_faults_of_a_recipe(weights: object) -> None:
    with pytest.raises(UsageError, match="--weights"):
        check_weights(weights)
    with pytest.raises(UsageError, match="--weights"):
        make_recipe({"sources": ["x"], "tokenizer": "bundled", "weights": weights})


def test_parts_need_a_template_that_can_be_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentdata.house.wire_of", lambda agent_template: None)
    values = {"sources": ["x"], "tokenizer": "bundled"}
    open_house(make_recipe({**values, "weights": {"tool_call": 2}}))
    with pytest.raises(
        UsageError, match=r"--weights tool_call\.name: chatml\+hermes does not tell"
    ):
        open_house(make_recipe({**values, "weights": {"tool_call.name": 2}}))
