"""How tokens are laid out in a terminal, with colours and without."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len
from show_rows import only

from agentdata.show.rows import RawRows
from agentdata.show.scale import STEPS, step_of
from agentdata.show.terminal import render
from agentdata.show.view import TokenView

MESSAGES = [
    {"role": "user", "content": "Where\tis  it? \n  你好 "},
    {"role": "assistant", "content": "Thought: zero\u200bwidth\nAction: look"},
]
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def view(rows: Callable[..., RawRows]) -> TokenView:
    raw = rows([MESSAGES], loss_scale="react")
    return only(raw.seen(raw.from_number(0, 1)[0]))


def shown(view: TokenView, **look: Any) -> list[str]:
    lines = list(render([view], **{"colours": False, "width": 70, "explain": False} | look))
    return lines[next(i for i, line in enumerate(lines) if "weights add up" in line) + 1 :]


def test_without_colours_weights_stand_in_the_margin(view: TokenView) -> None:
    assert shown(view) == [
        "header                 0 ┃<|im_start|>│user│⏎",
        "user          #0       0 ┃Where│⇥│is│ │ it│?│·│⏎",
        "                       0 ┃ │ │<E4><BD>│<A0>│好│·",
        "header                 0 ┃<|im_end|>│⏎",
        "                       0 ┃<|im_start|>│assistant│⏎",
        "content       #1       1 ┃Thought│:│ zero│<E2><80>│<8B>│w│id│th│⏎",
        "                       2 ┃Action│:│ l│ook",
        "end_of_turn            1 ┃<|im_end|>│⏎",
    ]


def test_colours_say_the_same(view: TokenView) -> None:
    plain, coloured = shown(view), shown(view, colours=True)
    assert [ANSI.sub("", line) for line in coloured] == [line.replace("│", "") for line in plain]
    trained = next(line for line in coloured if "Action" in line)
    assert trained.count(step_of(2.0).ansi) == 4  # as many as tokens
    assert trained.count("\x1b[4m") == 2  # every other one


@pytest.mark.parametrize("colours", [False, True])
@pytest.mark.parametrize("width", [30, 47, 80])
def test_no_line_is_wider_than_the_terminal(view: TokenView, width: int, colours: bool) -> None:
    for line in shown(view, width=max(width, 48), colours=colours):
        assert cell_len(ANSI.sub("", line)) <= max(width, 48)


def test_a_row_of_any_length_begins_at_once(view: TokenView) -> None:
    # The pager gets lines as they are made: the first is there before the last token is laid out.
    assert next(iter(render([view] * 10_000, colours=False, width=70, explain=False)))


@pytest.mark.parametrize("weight", [0, 1e-6, 0.49, 0.5, 0.99, 1, 1.01, 1.99, 2, 2.99, 3, 1e9])
def test_every_weight_has_one_step(weight: float) -> None:
    [step] = [step for step in STEPS if step.low <= weight < step.high]
    assert step_of(weight) is step
