"""Builds small compiled directories by hand: pyarrow files and a manifest, no compile needed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agentdata.shards.manifest import MANIFEST_NAME, Manifest, Shard
from agentdata.shards.schema import COLUMNS, IGNORE_INDEX, PACKED_COLUMNS

Sample = tuple[Sequence[int], Sequence[float]]
"""Token ids, weights."""


def row(name: str, sample: Sample) -> dict[str, Any]:
    ids, weights = sample
    return {
        "id": name,
        "source": "made-by-hand.jsonl",
        "input_ids": list(ids),
        "labels": [
            token if weight > 0 else IGNORE_INDEX
            for token, weight in zip(ids, weights, strict=True)
        ],
        "loss_weights": list(weights),
        "length": len(ids),
        "trained_tokens": sum(weight > 0 for weight in weights),
        "weight_sum": float(sum(weights)),
    }


def packed_row(name: str, samples: Sequence[Sample]) -> dict[str, Any]:
    ids = [token for sample in samples for token in sample[0]]
    weights = [weight for sample in samples for weight in sample[1]]
    return row(name, (ids, weights)) | {
        "ids": [f"{name}/{number}" for number in range(len(samples))],
        "seq_lengths": [len(sample[0]) for sample in samples],
        "position_ids": [position for sample in samples for position in range(len(sample[0]))],
    }


def write_shard(
    directory: Path, path: str, rows: list[dict[str, Any]], *, packed: bool, group_rows: int
) -> Shard:
    table = pa.Table.from_pylist(rows, schema=PACKED_COLUMNS if packed else COLUMNS)
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == ".arrow":
        with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=group_rows)
    else:
        pq.write_table(table, target, row_group_size=group_rows)
    data = target.read_bytes()
    return Shard(
        path=path,
        split=Path(path).name.split("-")[0],
        rows=len(rows),
        tokens=sum(row["length"] for row in rows),
        trained_tokens=sum(row["trained_tokens"] for row in rows),
        weight_sum=sum(row["weight_sum"] for row in rows),
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def build(
    directory: Path,
    splits: dict[str, list[dict[str, Any]]],
    *,
    container: str = "parquet",
    packed: bool = False,
    vocab_size: int = 64,
    shards: int = 2,
    group_rows: int = 3,
) -> Path:
    """A finished directory with the given rows, each split cut into `shards` files."""
    written = []
    for split, rows in splits.items():
        cuts = np.array_split(np.arange(len(rows)), shards)
        for number, cut in enumerate(cuts):
            path = f"data/{split}-{number:05}-of-{shards:05}.{container}"
            part = [rows[index] for index in cut]
            written.append(write_shard(directory, path, part, packed=packed, group_rows=group_rows))
    manifest = Manifest(
        version="0.0.0",
        recipe={},
        fingerprints={},
        container=container,
        packed=packed,
        vocab_size=vocab_size,
        shards=written,
        sources=[],
    )
    (directory / MANIFEST_NAME).write_bytes(manifest.to_json())
    return directory


def counting_samples(
    rows: int, *, seed: int = 0, vocab_size: int = 64, longest: int = 24
) -> list[Sample]:
    """Rows that are easy to learn: each token is the one before it plus one; first third a prompt."""
    random = np.random.default_rng(seed)
    samples: list[Sample] = []
    for _ in range(rows):
        length = int(random.integers(6, longest + 1))
        ids = (int(random.integers(vocab_size)) + np.arange(length)) % vocab_size
        weights = np.where(
            np.arange(length) < length // 3, 0.0, random.choice([0.5, 1.0, 2.0], length)
        )
        samples.append((ids.tolist(), weights.tolist()))
    return samples


def counting_rows(rows: int, **options: Any) -> list[dict[str, Any]]:
    return [
        row(f"row-{number}", sample)
        for number, sample in enumerate(counting_samples(rows, **options))
    ]
