"""Rows of shards are seen with what their sources still tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from show_rows import only, write_rows

from agentdata.errors import AgentDataError, UsageError
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.show.build import from_shard
from agentdata.show.compiled import SOURCE_CHANGED, SOURCE_GONE, CompiledRows
from agentdata.show.view import FIRST, TokenView

CHATS = [
    [{"role": "user", "content": f"ask {n}"}, {"role": "assistant", "content": f"reply {n} " * n}]
    for n in range(1, 9)
]


@pytest.fixture
def compiled(tmp_path: Path) -> Any:
    """Compile the chats, or others, with some options; returns source and directory."""

    def make(chats: Any = CHATS, **told: Any) -> tuple[Path, Path]:
        source = write_rows(tmp_path / "chats.jsonl", chats)
        values = {"sources": [str(source)], "tokenizer": "bundled", **told}
        compile_recipe(make_recipe(values), tmp_path / "out")
        return source, tmp_path / "out"

    return make


TOLD = [
    {},
    {"pack": 64},
    {"max_length": 16, "overflow": "truncate_left"},
    {"max_length": 16, "overflow": "truncate_right"},
    {"max_length": 16, "overflow": "split"},
    {"container": "arrow", "loss_scale": "react"},
]


@pytest.mark.parametrize("told", TOLD, ids=lambda told: "-".join(map(str, told.values())))
def test_sequences_are_those_of_the_shards_with_kinds_from_the_source(
    compiled: Any, told: dict[str, Any]
) -> None:
    _, directory = compiled(**told)
    rows = CompiledRows(directory)
    for number in range(len(rows.rows)):
        row = rows.rows[number]
        views = rows.from_number(number, 1)
        assert np.array_equal(np.concatenate([v.ids for v in views]), row["input_ids"])  # type: ignore[union-attr]
        assert np.array_equal(np.concatenate([v.weights for v in views]), row["loss_weights"])  # type: ignore[union-attr]
        for view in views:
            assert isinstance(view, TokenView)
            assert view.tells is not None
            assert view.raw["id"] == view.place.id.split("#")[0]
            assert view.tells.notes[0] == FIRST
            # Kinds and reasons are those of the same tokens: what is trained is the model's.
            for weight, steps in zip(
                view.weights[1:].tolist(), view.tells.reasons[1:], strict=True
            ):
                assert np.prod([step.weight for step in steps]) == weight
            assert b"".join(view.pieces).decode(errors="replace") == view.text


def test_without_the_source_tokens_are_shown_without_kinds(compiled: Any) -> None:
    source, directory = compiled()
    with_source = only(CompiledRows(directory).by_id("row-2"))
    source.unlink()
    view = only(CompiledRows(directory).by_id("row-2"))
    assert view.text == with_source.text
    assert view.pieces == with_source.pieces
    assert view.tells is None
    assert SOURCE_GONE in view.notes


def test_a_source_that_changed_tells_nothing(compiled: Any) -> None:
    source, directory = compiled()
    source.write_text(source.read_text().replace("reply 2", "reply two"))
    rows = CompiledRows(directory)
    assert only(rows.by_id("row-0")).tells is not None
    changed = only(rows.by_id("row-1"))
    assert changed.tells is None
    assert SOURCE_CHANGED in changed.notes
    assert "reply 2" in changed.text


def test_rows_that_come_again_are_told_apart(compiled: Any) -> None:
    same = b'{"id": "twin", "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "%s"}]}'
    _, directory = compiled([same % b"one", same % b"two"])
    rows = CompiledRows(directory)
    assert [
        only(rows.by_id(name)).raw["messages"][1]["content"] for name in ("twin", "twin~2")
    ] == [
        "one",
        "two",
    ]


def test_the_worst_come_first(compiled: Any) -> None:
    source, directory = compiled()
    rows = CompiledRows(directory)
    assert [view.place.id for view in rows.worst("long", 2)] == ["row-7", "row-6"]
    assert [view.place.id for view in rows.worst("loss", 2)] == ["row-0", "row-1"]
    assert rows.worst("straddle", 1)[0].place.id == "row-0"
    source.unlink()
    with pytest.raises(UsageError, match="--worst straddle"):
        CompiledRows(directory).worst("straddle", 1)


def test_another_tokenizer_is_refused(compiled: Any, tmp_path: Path) -> None:
    _, directory = compiled()
    from agentdata.assets import tokenizer_dir

    moved = tmp_path / "tokenizer.json"
    moved.write_bytes((tokenizer_dir() / "tokenizer.json").read_bytes())
    assert only(CompiledRows(directory, tokenizer=str(moved)).from_number(0, 1)).tells is not None
    moved.write_bytes(moved.read_bytes() + b"\n")
    with pytest.raises(AgentDataError, match=r"not the one that .* was compiled with"):
        CompiledRows(directory, tokenizer=str(moved))


def test_a_piece_cut_within_a_character_is_shown() -> None:
    from agentdata.show.view import Place

    ids = np.array([1, 2], np.int32)
    view = from_shard(Place(0, "a", "b"), {}, ids, np.ones(2, np.float32), [b"\xbd", b"x"], ())
    assert view.text == "\udcbdx"
