"""The main job through the command line: every row accounted for, every fault one clear line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import datasets
import duckdb
import numpy as np
import polars as pl
import pytest

from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.shards.manifest import Manifest, load_manifest

TOOL = {"name": "clock", "description": "The time", "parameters": {"type": "object"}}
BROKEN = [
    ('{"messages": [', "bad_json", ""),
    ('{"messages": [{"role": "pilot", "content": "x"}]}', "unknown_role", "/messages/0/role"),
    (
        '{"messages": [{"role": "user", "content": "q"}, {"role": "tool_call", "content": "now"}]}',
        "bad_tool_call",
        "/messages/1/content",
    ),
    ("[1, 2]", "not_an_object", ""),
    ('{"messages": []}', "no_messages", "/messages"),
]


def good_row(number: int) -> str:
    messages = [
        {"role": "user", "content": f"What time is it in zone {number}?"},
        {"role": "tool_call", "content": json.dumps({"name": "clock", "arguments": {"z": number}})},
        {"role": "tool_response", "content": '{"time": "12:00"}'},
        {"role": "assistant", "content": "Noon. " * (number % 7 + 1)},
    ]
    return json.dumps({"id": f"row-{number}", "tools": json.dumps([TOOL]), "messages": messages})


def write_rows(path: Path, count: int, first: int = 0) -> Path:
    path.write_text("".join(good_row(first + i) + "\n" for i in range(count)))
    return path


def compiled(out: Path, *sources: Path, **options: object) -> Manifest:
    values = {"tokenizer": "bundled", "sources": [str(source) for source in sources], **options}
    return compile_recipe(make_recipe(values), out)


def table(out: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted((out / "data").glob("*.parquet"))])


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from agentdata.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_ten_good_and_five_broken_rows(tmp_path: Path) -> None:
    source = tmp_path / "mixed.jsonl"
    lines = [good_row(i) for i in range(10)] + [line for line, _, _ in BROKEN]
    source.write_text("\n".join(lines) + "\n")
    done = run("compile", source, "--tokenizer", "bundled", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    (counts,) = load_manifest(tmp_path / "out").sources
    assert (counts.read, counts.written, counts.rejected) == (15, 10, 5)
    rejects = [json.loads(line) for line in (tmp_path / "out/rejects.jsonl").open()]
    found = [(r["line"], r["reason"], r["pointer"]) for r in rejects]
    assert found == [(11 + i, code, pointer) for i, (_, code, pointer) in enumerate(BROKEN)]
    assert {r["source"] for r in rejects} == {str(source)}
    over = run(
        *("compile", source, "--tokenizer", "bundled", "--out", tmp_path / "out2"),
        *("--max-reject-rate", "0.1"),
    )
    assert over.returncode == 3
    raised = run(
        *("compile", source, "--tokenizer", "bundled", "--out", tmp_path / "out3"),
        *("--on-error", "raise"),
    )
    assert raised.returncode == 1
    assert "line 11" in raised.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["EMPTY", "--out", "OUT"], 1, "no rows"),
        (["MISSING", "--out", "OUT"], 2, "MISSING"),
        (["ROWS", "--out", "FILE/below"], 1, "--out"),
        (["ROWS", "--out", "OUT", "--template", "qwen9"], 2, "--template qwen9"),
        (["ROWS", "--out", "OUT", "--agent-template", "x"], 2, "--agent-template x"),
        (["ROWS", "--out", "OUT", "--format", "x"], 2, "--format x"),
        (["ROWS", "--out", "OUT", "--loss-scale", "reakt"], 2, "--loss-scale"),
        (["ROWS", "--out", "OUT", "--tokenizer", "PLAIN"], 2, "<|im_start|>"),
        (["ROWS", "--out", "OUT", "--tokenizer", "./none"], 2, "--tokenizer"),
        (["ROWS", "--out", "OUT", "--split", "val=2"], 2, "--split"),
        (["ROWS", "--out", "OUT", "--shard-size", "big"], 2, "--shard-size"),
        (["ROWS", "--out", "OUT", "--overflow", "crop"], 2, "--overflow"),
        (["ROWS", "--out", "OUT", "--pack", "0"], 2, "--pack"),
        (["ROWS", "--out", "OUT", "--max-length", "9", "--overflow", "error"], 1, "--max-length"),
        (["--out", "OUT"], 2, "SOURCE"),
    ],
)
def test_faults_are_one_clear_line(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    plain = '{"version": "1.0", "added_tokens": [], "model": {"type": "WordLevel", "vocab": {"a": 0, "?": 1}, "unk_token": "?"}}'
    (tmp_path / "EMPTY.jsonl").write_text("")
    (tmp_path / "FILE").write_text("")
    (tmp_path / "PLAIN.json").write_text(plain)
    write_rows(tmp_path / "ROWS.jsonl", 2)
    endings = {"EMPTY": ".jsonl", "ROWS": ".jsonl", "MISSING": ".jsonl", "PLAIN": ".json"}
    places = [
        str(tmp_path / (a + endings.get(a, ""))) if a.split("/")[0].isupper() else a
        for a in arguments
    ]
    if "--tokenizer" not in places:
        places += ["--tokenizer", "bundled"]
    done = run("compile", *places)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "OUT" / "manifest.json").exists()


def test_a_finished_directory_is_not_overwritten_unasked(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl", 3)
    command = ("compile", source, "--tokenizer", "bundled", "--out", tmp_path / "out", "--quiet")
    assert run(*command).returncode == 0
    again = run(*command)
    assert (again.returncode, "--overwrite" in again.stderr) == (2, True)
    assert run(*command, "--overwrite").returncode == 0


def test_bytes_do_not_depend_on_workers(tmp_path: Path) -> None:
    sources = [write_rows(tmp_path / f"{i}.jsonl", 30, 100 * i) for i in range(4)]
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        compiled(out, *sources, workers=workers, split={"validation": 0.3}, shard_size=20_000)
    names = sorted(p.relative_to(tmp_path / "out1") for p in (tmp_path / "out1").rglob("*.*"))
    assert len(names) > 4
    for name in names:
        assert (tmp_path / "out1" / name).read_bytes() == (tmp_path / "out2" / name).read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"limit": 7},
        {"pack": 600},
        {"max_length": 250},
        {"max_length": 250, "overflow": "truncate_left"},
        {"max_length": 250, "overflow": "truncate_right"},
        {"max_length": 250, "overflow": "split"},
        {"max_length": 250, "overflow": "split", "pack": 600},
        {"split": {"validation": 0.4}},
        {"container": "arrow"},
        {"loss_scale": "last_round"},
    ],
    ids=str,
)
def test_row_counts_add_up(tmp_path: Path, options: dict[str, object]) -> None:
    source = tmp_path / "mixed.jsonl"
    source.write_text("".join([good_row(i) + "\n" for i in range(20)] + [BROKEN[1][0] + "\n"]))
    manifest = compiled(tmp_path / "out", source, **options)
    (counts,) = manifest.sources
    filtered = sum(counts.filtered.values())
    assert counts.read == options.get("limit", 21)
    assert counts.read == counts.written + counts.rejected + filtered + counts.merged
    assert sum(shard.rows for shard in manifest.shards) == counts.written + counts.split_off
    assert sum(shard.tokens for shard in manifest.shards) == counts.tally.tokens
    assert sum(s.trained_tokens for s in manifest.shards) == counts.tally.trained_tokens
    limit = options.get("pack") or options.get("max_length")
    if limit:
        assert table(tmp_path / "out")["length"].max() <= limit


def test_columns_agree(tmp_path: Path) -> None:
    compiled(tmp_path / "out", write_rows(tmp_path / "rows.jsonl", 20), loss_scale="hermes")
    for row in table(tmp_path / "out").iter_rows(named=True):
        ids, weights = np.array(row["input_ids"]), np.array(row["loss_weights"], np.float32)
        assert row["labels"] == np.where(weights > 0, ids, -100).tolist()
        assert row["length"] == len(ids) == len(weights)
        assert row["trained_tokens"] == (weights > 0).sum()
        assert row["weight_sum"] == weights.sum()
        assert weights[0] == 0
        assert set(weights.tolist()) == {0, 1, 2}


def test_a_pack_holds_whole_rows(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl", 30)
    compiled(tmp_path / "flat", source)
    compiled(tmp_path / "packed", source, pack=512)
    flat = {row["id"]: row for row in table(tmp_path / "flat").iter_rows(named=True)}
    seen = []
    for row in table(tmp_path / "packed").iter_rows(named=True):
        seen += row["ids"]
        for column in ("input_ids", "labels", "loss_weights"):
            assert row[column] == [v for i in row["ids"] for v in flat[i][column]]
        assert row["seq_lengths"] == [flat[i]["length"] for i in row["ids"]]
        assert row["position_ids"] == [p for n in row["seq_lengths"] for p in range(n)]
    assert sorted(seen) == sorted(flat)


def test_a_split_is_stable_under_added_rows(tmp_path: Path) -> None:
    split = {"validation": 0.3}
    compiled(tmp_path / "a", write_rows(tmp_path / "few.jsonl", 30), split=split)
    compiled(tmp_path / "b", write_rows(tmp_path / "many.jsonl", 60), split=split)
    few, many = (
        set(pl.read_parquet(tmp_path / name / "data/validation-*.parquet")["id"])
        for name in ("a", "b")
    )
    assert few
    assert few == {i for i in many if int(i.split("-")[1]) < 30}


def test_datasets_polars_and_duckdb_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "HF_HUB_OFFLINE", "1")
    source = write_rows(tmp_path / "rows.jsonl", 40)
    out = tmp_path / "out"
    manifest = compiled(out, source, split={"validation": 0.3}, shard_size=20_000)
    loaded = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
    rows = {
        split: sum(shard.rows for shard in manifest.shards if shard.split == split)
        for split in ("train", "validation")
    }
    assert {split: len(part) for split, part in loaded.items()} == rows
    tokens = manifest.total().tokens
    assert sum(len(ids) for part in loaded.values() for ids in part["input_ids"]) == tokens
    scanned = pl.scan_parquet(f"{out}/data/*.parquet").select(pl.col("length").sum()).collect()
    assert scanned.item() == tokens
    query = f"select sum(len(loss_weights)), sum(trained_tokens) from '{out}/data/*.parquet'"
    assert duckdb.connect().execute(query).fetchone() == (tokens, manifest.total().trained_tokens)


@pytest.mark.parametrize("overflow", ["split", "truncate_left", "truncate_right"])
def test_the_first_token_of_a_row_is_never_trained(tmp_path: Path, overflow: str) -> None:
    source = write_rows(tmp_path / "rows.jsonl", 5)
    compiled(tmp_path / "out", source, loss_scale="all", max_length=40, overflow=overflow)
    weights = table(tmp_path / "out")["loss_weights"].to_list()
    assert all(row[0] == 0 and set(row[1:]) == {1} for row in weights)
