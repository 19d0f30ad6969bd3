"""Shards that are written while rows still come: begun anew where they must, and never left half."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from agentdata import ShardDataset
from agentdata.errors import AgentDataError
from agentdata.journal import PARTS_NAME
from agentdata.pipeline import Step, compile_recipe
from agentdata.recipe import make_recipe
from agentdata.shards.manifest import Manifest
from agentdata.shards.verify import verify
from agentdata.shards.writer import ShardWriter
from agentdata.tokenization import Encoder

FILES, ROWS = 4, 12


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A task per file; every second id occurs in each."""
    folder = tmp_path / "in"
    folder.mkdir()
    for file in range(FILES):
        lines = []
        for number in range(ROWS):
            ask = f"Question {number} of {file}? " * 9
            messages = [
                {"role": "user", "content": ask},
                {"role": "assistant", "content": ask[::-1]},
            ]
            name = f"{number}" if number % 2 else f"{file}-{number}"
            lines.append(json.dumps({"id": name, "messages": messages}) + "\n")
        (folder / f"{file}.jsonl").write_text("".join(lines))
    return folder


def compiled(out: Path, source: Path, progress: Any = None, **options: Any) -> Manifest:
    values = {"tokenizer": "bundled", "sources": [str(source)], "workers": 1, **options}
    return compile_recipe(make_recipe(values), out, progress=progress)


def contents(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*.*")}


def test_shards_grow_while_tasks_are_done(tmp_path: Path, source: Path) -> None:
    grown = []

    def look(step: Step) -> None:
        grown.append(len(list((tmp_path / "out" / "data").glob(".*.tmp"))))

    compiled(tmp_path / "out", source, look, shard_size=20_000)
    assert len(grown) == FILES and grown[0] == 0 and grown[-1] > 0


@pytest.mark.parametrize("lost", [0, 2])
def test_a_run_goes_on_with_a_task_lost_in_between(tmp_path: Path, source: Path, lost: int) -> None:
    options: dict[str, Any] = {"split": {"val": 0.3}, "shard_size": 20_000}
    compiled(tmp_path / "whole", source, **options)

    def stop(step: Step) -> None:
        if step.share == 1:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        compiled(out, source, stop, **options)
    assert [path.name for path in out.iterdir()] == [PARTS_NAME]
    (out / PARTS_NAME / f"{lost:06d}.done.json").unlink()
    told: list[bool] = []
    compiled(out, source, lambda step: told.append(step.earlier), **options)
    assert told == [True, True, True, False]
    assert contents(out) == contents(tmp_path / "whole")


def test_no_room_for_shards_is_one_line_and_the_next_run_goes_on(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled(tmp_path / "whole", source)
    flush = ShardWriter._flush

    def full(self: ShardWriter) -> None:
        flush(self)
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(ShardWriter, "_flush", full)
        with pytest.raises(AgentDataError) as caught:
            compiled(out, source)
    assert caught.value.code == "unwritable" and "No space left" in str(caught.value)
    assert [path.name for path in out.iterdir()] == [PARTS_NAME]
    compiled(out, source)
    assert contents(out) == contents(tmp_path / "whole")


def test_shards_of_tokens_that_were_wrong_are_gone(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify_, asked = Encoder.verify, 0

    def late(self: Encoder, *given: Any) -> bool:
        nonlocal asked
        asked += 1
        return verify_(self, *given) and asked != ROWS * FILES

    monkeypatch.setattr(Encoder, "verify", late)
    out = tmp_path / "out"
    manifest = compiled(out, source, verify_tokens=1, shard_size=20_000)
    assert sum(counts.warnings["tokens_differ"] for counts in manifest.sources) == ROWS * FILES
    assert verify(out).is_whole and len(ShardDataset(out)) == ROWS * FILES


@pytest.mark.parametrize("options", [{}, {"pack": 4096, "max_length": 4096}])
def test_an_input_that_was_written_to_leaves_no_shards(
    tmp_path: Path, source: Path, options: dict[str, Any]
) -> None:
    out = tmp_path / "out"

    def touch(step: Step) -> None:
        with (source / "0.jsonl").open("a") as file:
            file.write("\n")

    with pytest.raises(AgentDataError) as caught:
        compiled(out, source, touch, **options)
    assert caught.value.code == "input_changed"
    assert [path.name for path in out.iterdir()] == [PARTS_NAME]


def test_no_rows_leave_no_shards(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(AgentDataError) as caught:
        compiled(tmp_path / "out", tmp_path / "empty.jsonl", format="swift")
    assert caught.value.code == "no_rows"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [PARTS_NAME]
