"""Reading a compiled directory: every row as written, lazily, and damage said in one line."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import build, counting_rows, packed_row

from agentdata.errors import AgentDataError, UsageError
from agentdata.shards.manifest import MANIFEST_NAME, load_manifest
from agentdata.shards.reader import ShardDataset

DTYPES = {
    "input_ids": np.int32,
    "labels": np.int32,
    "loss_weights": np.float32,
    "seq_lengths": np.int32,
    "position_ids": np.int32,
}
PACKS = [
    packed_row("pack-0", [([1, 2, 3], [0, 1, 1]), ([4, 5], [0, 2])]),
    packed_row("pack-1", [([6, 7, 8, 9], [0, 0, 0.5, 1])]),
    packed_row("pack-2", [([3], [1]), ([2, 1], [0, 1]), ([0, 0, 0], [0, 1, 0])]),
]


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in row.items()
    }


@pytest.mark.parametrize("container", ["parquet", "arrow"])
@pytest.mark.parametrize(
    ("rows", "packed"), [(counting_rows(20), False), (PACKS, True)], ids=["plain", "packed"]
)
def test_rows_read_as_written(
    tmp_path: Path, container: str, rows: list[dict[str, Any]], packed: bool
) -> None:
    data = ShardDataset(
        build(tmp_path, {"train": rows}, container=container, packed=packed, group_rows=2)
    )
    assert [plain(row) for row in data] == rows
    assert len(data) == len(rows)
    assert plain(data[-1]) == rows[-1] and plain(data[np.int64(1)]) == rows[1]
    for name, dtype in DTYPES.items():
        if name in rows[0]:
            assert data[0][name].dtype == dtype, name
    for index in (len(rows), -len(rows) - 1):
        with pytest.raises(IndexError):
            data[index]


@pytest.mark.parametrize("container", ["parquet", "arrow"])
def test_cheap_columns_read_no_rows(
    tmp_path: Path, container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = counting_rows(11)
    data = ShardDataset(build(tmp_path, {"train": rows}, container=container))
    monkeypatch.setattr(data, "_group", None)
    assert data.lengths.tolist() == [row["length"] for row in rows]
    assert data.trained_tokens.tolist() == [row["trained_tokens"] for row in rows]
    assert data.weight_sum.tolist() == [row["weight_sum"] for row in rows]
    assert data.longest_sequence == max(row["length"] for row in rows)
    assert (data.lengths.dtype, data.weight_sum.dtype) == (np.int32, np.float32)


@pytest.mark.parametrize("container", ["parquet", "arrow"])
def test_longest_sequence_of_packs_is_within_them(tmp_path: Path, container: str) -> None:
    data = ShardDataset(build(tmp_path, {"train": PACKS}, container=container, packed=True))
    assert data.longest_sequence == 4
    assert data.lengths.max() == 6


def test_splits_are_apart_and_their_names_are_told(tmp_path: Path) -> None:
    rows = counting_rows(5)
    directory = build(tmp_path, {"train": rows[:3], "validation": rows[3:]})
    assert [row["id"] for row in ShardDataset(directory, "validation")] == ["row-3", "row-4"]
    with pytest.raises(UsageError, match=r"no split 'test': there is train, validation") as error:
        ShardDataset(directory, "test")
    assert error.value.code == "unknown_split"


def test_arrow_rows_are_not_copied_from_the_mapped_file(tmp_path: Path) -> None:
    data = ShardDataset(
        build(tmp_path, {"train": counting_rows(600)}, container="arrow", shards=1, group_rows=600)
    )
    before = pa.total_allocated_bytes()
    rows = [data[index]["input_ids"] for index in range(600)]
    assert pa.total_allocated_bytes() == before
    assert not any(row.flags.owndata for row in rows)


def test_no_more_groups_are_kept_than_the_cache_allows(tmp_path: Path) -> None:
    directory = build(tmp_path, {"train": counting_rows(40)}, group_rows=2)
    whole = ShardDataset(directory)
    list(whole)
    one_group = max(group.bytes for group in whole._cache.values())
    for allowed, expected in [(0, 1), (3 * one_group, 3), (100 * one_group, 20)]:
        data = ShardDataset(directory, cache_bytes=allowed)
        read = [plain(data[index]) for index in [*range(40), 0, 39, 1]]
        assert read[-3:] == [read[0], read[39], read[1]]
        assert expected <= len(data._cache) <= expected + 2
        assert sum(group.bytes for group in data._cache.values()) == data._cached_bytes


def test_a_dataset_crosses_to_other_processes(tmp_path: Path) -> None:
    rows = counting_rows(6)
    data = ShardDataset(build(tmp_path, {"train": rows[:2], "validation": rows}), "validation")
    assert [plain(row) for row in pickle.loads(pickle.dumps(data))] == rows


def swap_column(path: Path) -> None:
    table = pq.read_table(path)
    changed = table.set_column(2, "input_ids", table["input_ids"].cast(pa.list_(pa.int64())))
    pq.write_table(changed, path)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes, the manifest says"),
        (lambda path: path.write_bytes(bytes(path.stat().st_size)), "cannot be read"),
    ],
)
@pytest.mark.parametrize("container", ["parquet", "arrow"])
def test_damage_is_one_clear_line(tmp_path: Path, container: str, damage: Any, says: str) -> None:
    directory = build(tmp_path, {"train": counting_rows(9)}, container=container)
    shard = directory / f"data/train-00001-of-00002.{container}"
    damage(shard)
    with pytest.raises(AgentDataError, match=says) as error:
        ShardDataset(directory)
    assert error.value.code == "damaged_shard"
    assert str(shard) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda path: pq.write_table(pq.read_table(path)[:2], path),
            "has 2 rows, the manifest says 4",
        ),
        (
            lambda path: pq.write_table(pq.read_table(path).drop(["labels"]), path),
            "no column labels of type list<",
        ),
        (swap_column, "no column input_ids of type list<"),
    ],
)
def test_a_shard_that_is_not_the_manifests_is_damaged(
    tmp_path: Path, change: Any, says: str
) -> None:
    directory = build(tmp_path, {"train": counting_rows(8)})
    shard = directory / "data/train-00000-of-00002.parquet"
    change(shard)
    manifest = load_manifest(directory)
    manifest.shards[0].bytes = shard.stat().st_size
    (directory / MANIFEST_NAME).write_bytes(manifest.to_json())
    with pytest.raises(AgentDataError, match=says) as error:
        ShardDataset(directory)
    assert error.value.code == "damaged_shard"


@pytest.mark.parametrize(
    ("make", "code"), [(lambda path: None, "not_found"), (Path.mkdir, "not_finished")]
)
def test_a_directory_that_no_compile_finished(tmp_path: Path, make: Any, code: str) -> None:
    make(tmp_path / "out")
    with pytest.raises(AgentDataError) as error:
        ShardDataset(tmp_path / "out")
    assert error.value.code == code


@pytest.mark.parametrize(
    "module", ["agentdata", "agentdata.shards.reader", "agentdata.training.options"]
)
def test_import_needs_no_torch(module: str) -> None:
    code = (
        f"import {module}, sys; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
