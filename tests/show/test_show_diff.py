"""Two ways to see a row, block beside block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len
from show_rows import only

from agentdata.errors import UsageError
from agentdata.recipe import Recipe
from agentdata.show.columns import side_by_side
from agentdata.show.diff import paired
from agentdata.show.other import changed, raw_sides
from agentdata.show.rows import RawRows
from agentdata.show.view import TokenView

CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}
MESSAGES = [
    {"role": "user", "content": "ask"},
    {"role": "assistant", "content": "Well.", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "1", "content": "seen"},
    {"role": "assistant", "content": "Seen."},
]


@pytest.fixture
def seen(rows: Callable[..., RawRows]) -> Callable[..., TokenView]:
    def make(**told: Any) -> TokenView:
        raw = rows([MESSAGES], **told)
        return only(raw.seen(raw.from_number(0, 1)[0]))

    return make


def differences(left: TokenView, right: TokenView) -> list[tuple[str, int, tuple[str, ...]]]:
    out = []
    for pair in paired(left, right):
        block = pair.left or pair.right
        assert block is not None
        if not pair.same:
            out.append((block.kind, block.message, pair.differs))
    return out


def test_a_row_is_the_same_as_itself(seen: Callable[..., TokenView]) -> None:
    view = seen()
    assert differences(view, view) == []


def test_another_loss_scale_changes_weights_alone(seen: Callable[..., TokenView]) -> None:
    assert differences(seen(), seen(loss_scale="hermes")) == [("tool_call", 1, ("weights",))]


def test_another_template_changes_what_it_writes(seen: Callable[..., TokenView]) -> None:
    assert differences(seen(), seen(agent_template="react_en")) == [
        ("tool_call", 1, ("text", "tokens", "weights")),
        ("end_of_turn", -1, ("on one side only",)),
        ("header", -1, ("on one side only",)),
        ("tool_result", 2, ("text", "tokens", "weights")),
        ("header", -1, ("on one side only",)),
    ]


def test_both_sides_are_whole(seen: Callable[..., TokenView]) -> None:
    left, right = seen(), seen(agent_template="react_en", loss_scale="react")
    for view, side in ((left, "left"), (right, "right")):
        blocks = [getattr(pair, side) for pair in paired(left, right)]
        places = [(block.start, block.end) for block in blocks if block is not None]
        assert [start for start, _ in places] == [0, *(end for _, end in places)][:-1]
        assert places[-1][1] == len(view.ids)


@pytest.mark.parametrize("width", [70, 110])
def test_columns_fit(rows: Callable[..., RawRows], width: int) -> None:
    raw = rows([MESSAGES], loss_scale="default")
    found = raw.from_number(0, 1)
    other = RawRows(changed(raw.house.recipe, ["loss_scale=hermes", "agent-template=react_en"]))
    sides = raw_sides(raw, found, other)
    lines = list(side_by_side(sides, ("a", "b"), colours=False, width=width))
    body = [line for line in lines if "┃" in line]
    assert all(cell_len(line) <= width for line in body)
    # The second column begins in one place.
    assert len({cell_len(line[: line.rindex("┃")]) for line in body if line.count("┃") == 2}) == 1
    assert any(line.startswith("tool_call") and "≠" in line for line in body)


@pytest.mark.parametrize(
    ("other", "key", "value"),
    [
        ("loss_scale=react+ignore_empty_think", "loss_scale", "react+ignore_empty_think"),
        ("loss-scale=react", "loss_scale", "react"),
        ("weights=tool_call=2,reasoning=0.5", "weights", {"tool_call": 2.0, "reasoning": 0.5}),
        ("template_arg=enable_thinking=false", "template_arg", {"a": 1, "enable_thinking": False}),
        ("max_length=100", "max_length", 100),
    ],
)
def test_what_changes_is_named(other: str, key: str, value: Any) -> None:
    recipe = Recipe(sources=["a"], tokenizer="bundled", template_arg={"a": 1})
    assert getattr(changed(recipe, [other]), key) == value


@pytest.mark.parametrize(
    "other", ["react", "sources=b", "format=openai", "loss_scale", "max_length=x"]
)
def test_what_cannot_change_is_refused(other: str) -> None:
    with pytest.raises(UsageError):
        changed(Recipe(sources=["a"], tokenizer="bundled"), [other])
