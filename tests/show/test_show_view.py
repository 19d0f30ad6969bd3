"""Views say what is written, and why, token by token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from show_rows import only

from agentdata.assets import sample_dir
from agentdata.example import Example, example, rendered
from agentdata.intake import read_conversation
from agentdata.recipe import make_recipe
from agentdata.show.explain import why
from agentdata.show.rows import Found, RawRows
from agentdata.show.view import CUT, FIRST, NoView, TokenView, runs

ASK = {"role": "user", "content": "ask"}
REACT = {"role": "assistant", "content": "Thought: hm\nAction: look\nFinal Answer: done"}


def test_views_hold_what_compile_writes() -> None:
    told = {"loss_scale": "hermes", "weights": {"reasoning": 0.5}}
    sources = [str(sample_dir() / name) for name in ("openai.jsonl", "msagent_react.jsonl")]
    recipe = make_recipe({"sources": sources, "tokenizer": "bundled", **told})
    rows = RawRows(recipe)
    count = 0
    for found in rows.from_number(0, 1000):
        for view in rows.seen(found):
            if not isinstance(view, TokenView):
                continue
            assert view.tells is not None
            whole = example_of(rows, found, view)
            np.testing.assert_array_equal(view.ids, whole.input_ids)
            np.testing.assert_array_equal(view.weights, whole.loss_weights)
            np.testing.assert_array_equal(view.tells.kinds, whole.kinds)
            assert int(view.tells.straddling.sum()) == whole.straddling
            # Runs part the tokens, and the factors of each multiply to its weight.
            assert [run.start for run in runs(view)][1:] == [run.end for run in runs(view)][:-1]
            for run in runs(view):
                factors = np.prod([step.weight for step in run.steps])
                assert run.weight == (0 if run.note == FIRST else np.float32(factors))
            count += 1
    assert count > 40


def example_of(rows: RawRows, found: Found, view: TokenView) -> Example:
    parts = rendered(read_conversation(found.raw, found.task), rows.house)
    [part] = [p for p in parts if p.conversation.id + p.suffix == view.place.id]
    return example(part, rows.house.encoder.encode(part.prompt), rows.house.recipe)


def test_each_run_says_why(rows: Callable[..., RawRows]) -> None:
    raw = rows([[ASK, REACT]], loss_scale="react")
    view = only(raw.seen(raw.from_number(0, 1)[0]))
    told = [
        (view.text[view.starts[run.start] : view.ends[run.end - 1]], run.weight, why(run))
        for run in runs(view)
    ]
    assert told == [
        ("<|im_start|>", 0.0, "first token of the row: never predicted"),
        ("user\n", 0.0, "not trained: given to the model"),
        ("ask", 0.0, "not trained: given to the model"),
        ("<|im_end|>\n<|im_start|>assistant\n", 0.0, "not trained: given to the model"),
        ("Thought:", 1.0, "strategy default: 1 · react, key 'Thought:': 1"),
        (" hm\n", 1.0, "strategy default: 1 · react, after 'Thought:': 1"),
        ("Action:", 2.0, "strategy default: 1 · react, key 'Action:': 2"),
        (" look\n", 2.0, "strategy default: 1 · react, after 'Action:': 2"),
        ("Final Answer:", 1.0, "strategy default: 1 · react, key 'Final Answer:': 1"),
        (" done", 1.0, "strategy default: 1 · react, after 'Final Answer:': 1"),
        ("<|im_end|>\n", 1.0, "strategy default: 1 · react, no match: 1"),
    ]


def test_a_token_over_several_weights_says_so(rows: Callable[..., RawRows], tmp_path: Path) -> None:
    table = tmp_path / "half.json"
    table.write_text('{"wea": [2.0, 0.5]}')
    messages = [ASK, {"role": "assistant", "content": "The weather"}]
    raw = rows([messages], loss_scale=str(table))
    view = only(raw.seen(raw.from_number(0, 1)[0]))
    [run] = [run for run in runs(view) if run.straddling]
    assert view.text[view.starts[run.start] : view.ends[run.end - 1]] == " weather"
    assert run.weight == 0.5
    assert why(run).endswith("after 'wea': 0.5 · token over several weights (--straddle)")


@pytest.mark.parametrize(
    ("overflow", "written", "first"),
    [
        ("drop", [], []),
        ("truncate_right", range(10), [0]),
        ("truncate_left", range(6, 16), [6]),
        ("split", range(16), [0, 10]),
    ],
)
def test_what_is_beyond_the_length_is_marked(
    rows: Callable[..., RawRows], overflow: str, written: range, first: list[int]
) -> None:
    messages = [ASK, {"role": "assistant", "content": "one two three four"}]
    raw = rows([messages], max_length=10, overflow=overflow)
    view = only(raw.seen(raw.from_number(0, 1)[0]))
    assert view.tells is not None
    assert view.notes[0] == f"16 tokens, --max-length 10: --overflow {overflow}"
    notes = view.tells.notes
    assert [token for token, note in enumerate(notes) if note != CUT] == list(written)
    assert [token for token, note in enumerate(notes) if note == FIRST] == first
    assert not view.weights[[note != "" for note in notes]].any()


def test_a_rejected_row_says_why(rows: Callable[..., RawRows]) -> None:
    raw = rows([[ASK], b"{broken", [{"role": "narrator", "content": "x"}]], format="openai")
    _, broken, narrator = [raw.seen(found)[0] for found in raw.from_number(0, 3)]
    assert isinstance(broken, NoView)
    assert (broken.code, broken.place.line) == ("bad_json", 2)
    assert isinstance(narrator, NoView)
    assert (narrator.code, narrator.pointer) == ("unknown_role", "/messages/0/role")


def test_a_row_without_trained_tokens_says_so(rows: Callable[..., RawRows]) -> None:
    raw = rows([[ASK, {"role": "assistant", "content": "no", "loss": False}, ASK]])
    view = only(raw.seen(raw.from_number(0, 1)[0]))
    assert not (view.weights > 0).any()
    assert "no_trained_tokens" in view.notes[0]


def test_the_worst_come_first(rows: Callable[..., RawRows]) -> None:
    long = [ASK, {"role": "assistant", "content": "word " * 60}]
    little = [{"role": "user", "content": "word " * 30}, {"role": "assistant", "content": "no"}]
    raw = rows([[ASK, REACT], little, long])
    assert [found.number for found in raw.worst("long", 2)] == [2, 1]
    assert [found.number for found in raw.worst("loss", 3)] == [1, 0, 2]
    assert raw.by_id("row-1").number == raw.by_id("row-1@1#2").number == 1
