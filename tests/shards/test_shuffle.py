"""A shuffled pass: every row once, each group decoded once, memory within the cache."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from builders import build, counting_rows, packed_row, row
from torch.utils.data import DataLoader

import agentdata
from agentdata.errors import UsageError

BOUND = """
import sys, tracemalloc, numpy.random, pyarrow as pa, agentdata
data = agentdata.ShardDataset(sys.argv[1], cache_bytes=int(sys.argv[2]))
sampler = agentdata.ShardSampler(data, seed=1)
data[0], list(sampler)
tracemalloc.start()
tokens = sum(int(data[index]["loss_weights"].sum()) for index in sampler)
print(tokens, pa.default_memory_pool().max_memory(), tracemalloc.get_traced_memory()[1])
"""


@pytest.mark.parametrize("container", ["parquet", "arrow"])
def test_memory_stays_within_the_cache_over_a_larger_set(tmp_path: Path, container: str) -> None:
    rows = [row(str(n), (range(1000), [1.0] * 1000)) for n in range(400)]
    build(tmp_path, {"train": rows}, container=container, group_rows=20, vocab_size=1000)
    cache, decoded = 1_000_000, 400 * 1000 * 12
    command = [sys.executable, "-c", BOUND, str(tmp_path), str(cache)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    tokens, pool, objects = map(int, done.stdout.split())
    assert tokens == 400 * 1000
    # What is being decoded stands beside the cache: a group, in its two shapes.
    assert pool < cache + 4 * decoded // 20 < decoded
    assert objects < cache


@pytest.mark.parametrize("cache_bytes", [0, 10_000, 1 << 30])
@pytest.mark.parametrize("container", ["parquet", "arrow"])
def test_a_pass_takes_every_row_once(tmp_path: Path, container: str, cache_bytes: int) -> None:
    directory = build(tmp_path, {"train": counting_rows(40)}, container=container, group_rows=4)
    data = agentdata.ShardDataset(directory, cache_bytes=cache_bytes)
    sampler = agentdata.ShardSampler(data, seed=3)
    orders = []
    for epoch in range(2):
        sampler.set_epoch(epoch)
        orders.append(list(sampler))
        assert orders[-1] == list(sampler) != sorted(sampler) == list(range(len(sampler)))
    orders.append(list(agentdata.ShardSampler(data, seed=4)))
    assert len(set(map(tuple, orders))) == 3


def test_beyond_the_cache_groups_are_read_one_after_another(tmp_path: Path) -> None:
    directory = build(tmp_path, {"train": counting_rows(40)}, group_rows=4, shards=1)
    order = list(agentdata.ShardSampler(agentdata.ShardDataset(directory, cache_bytes=0)))
    groups = [index // 4 for index in order]
    assert sum(a != b for a, b in pairwise(groups)) == 9
    arrow = build(tmp_path / "arrow", {"train": counting_rows(40)}, container="arrow", group_rows=4)
    mixed = [
        index // 4 for index in agentdata.ShardSampler(agentdata.ShardDataset(arrow, cache_bytes=0))
    ]
    assert sum(a != b for a, b in pairwise(mixed)) > 20


@pytest.mark.parametrize("container", ["parquet", "arrow"])
def test_a_batch_decodes_each_group_once(
    tmp_path: Path, container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = build(tmp_path, {"train": counting_rows(40)}, container=container, group_rows=10)
    data = agentdata.ShardDataset(directory, cache_bytes=0)
    wanted = [39, 0, 15, 3, 31, 12, 0]
    expected = [data[index]["id"] for index in wanted]
    data._cache.clear()
    reads: list[int] = []
    for file in data._files:
        monkeypatch.setattr(
            file, "read", lambda *group, read=file.read: reads.append(group) or read(*group)
        )
    assert [row["id"] for row in data.__getitems__(wanted)] == expected
    assert len(reads) == 3


@pytest.mark.parametrize("container", ["parquet", "arrow"])
def test_only_the_wanted_columns_are_read(tmp_path: Path, container: str) -> None:
    rows = [packed_row("p", [([1, 2, 3], [0, 1, 1]), ([4, 5], [0, 2])])]
    directory = build(tmp_path, {"train": rows}, container=container, packed=True, shards=1)
    data = agentdata.ShardDataset(directory, columns=["seq_lengths", "input_ids"])
    assert {name: value.tolist() for name, value in data[0].items()} == {
        "input_ids": [1, 2, 3, 4, 5],
        "seq_lengths": [3, 2],
    }
    with pytest.raises(UsageError, match="no column 'tokens'") as error:
        agentdata.ShardDataset(directory, columns=["tokens"])
    assert error.value.code == "unknown_column"


@pytest.mark.parametrize("container", ["parquet", "arrow"])
@pytest.mark.parametrize("packed", [False, True])
def test_workers_of_a_torch_loader_read_every_row(
    tmp_path: Path, container: str, packed: bool
) -> None:
    rows = counting_rows(24)
    if packed:
        rows = [packed_row(f"row-{n}", [(range(n + 1), [1.0] * (n + 1))]) for n in range(24)]
    directory = build(tmp_path, {"train": rows}, container=container, packed=packed)
    data = agentdata.ShardDataset(directory)
    loader = DataLoader(
        data, batch_size=5, num_workers=2, sampler=agentdata.ShardSampler(data), collate_fn=list
    )
    read = {row["id"]: row["input_ids"].tolist() for batch in loader for row in batch}
    assert read == {row["id"]: row["input_ids"] for row in rows}
