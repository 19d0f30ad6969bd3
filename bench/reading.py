"""Reading a shuffled epoch back, on one core: random rows, and the order of a `ShardSampler`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from spread import spread

from agentdata.shards.manifest import MANIFEST_NAME, Manifest
from agentdata.shards.parts import record_batch
from agentdata.shards.reader import ShardDataset
from agentdata.shards.schema import COLUMNS
from agentdata.shards.shuffle import ShardSampler
from agentdata.shards.writer import ShardWriter

Container = Literal["parquet", "arrow"]
CACHE_BYTES = 64 << 20
TRAINED = ("input_ids", "loss_weights")


@dataclass
class _Row:
    id: str
    input_ids: npt.NDArray[np.int32]
    loss_weights: npt.NDArray[np.float32]
    trained: int
    media: None = None


def measure(scratch: Path, rows: int, runs: int) -> dict[str, Any]:
    """Tokens per second of processor time, by container and order."""
    # Per core: pyarrow's threads would count several.
    pa.set_cpu_count(1)
    figures: dict[str, Any] = {"cache_bytes": CACHE_BYTES}
    for container in ("arrow", "parquet"):
        directory = _write(scratch / container, container, rows)
        figures["tokens"] = int(ShardDataset(directory).lengths.sum())
        speeds: dict[str, list[float]] = {}
        for seed in range(runs):
            for name, columns in (("all columns", None), ("ids and weights", TRAINED)):
                data = ShardDataset(directory, columns=columns, cache_bytes=CACHE_BYTES)
                speeds.setdefault(name, []).append(_speed(data, ShardSampler(data, seed=seed)))
            data = ShardDataset(directory, cache_bytes=CACHE_BYTES)
            order = np.random.default_rng(seed).permutation(len(data))
            # Each random row of a Parquet shard may cost a whole group.
            most = len(order) if container == "arrow" else 50
            speeds.setdefault("random rows", []).append(_speed(data, order[:most].tolist()))
        figures[container] = {name: spread(each) for name, each in speeds.items()}
    return figures


def _speed(data: ShardDataset, order: Iterable[int]) -> float:
    start, tokens = time.process_time(), 0
    for index in order:
        tokens += len(data[index]["input_ids"])
    return tokens / (time.process_time() - start)


def _write(directory: Path, container: Container, rows: int) -> Path:
    random = np.random.default_rng(0)
    lengths = random.lognormal(np.log(900), 0.7, rows).astype(int).clip(16, 8192).tolist()
    # Ids as uneven as those of text, so that they compress as such.
    text = np.minimum(random.pareto(0.8, 1 << 20) * 20, 150_000).astype(np.int32)
    (directory / "data").mkdir(parents=True)
    writer = ShardWriter(directory / "data", "train", COLUMNS, container, 256_000_000)
    for first in range(0, rows, 500):
        batch = []
        for number, length in enumerate(lengths[first : first + 500], first):
            start = int(random.integers(len(text) - length))
            weights = (np.arange(length) % 100 >= 60).astype(np.float32)
            trained = int(weights.sum())
            batch.append(_Row(f"row-{number}", text[start : start + length], weights, trained))
        writer.write([record_batch([*batch], ["generated.jsonl"] * len(batch))])
    manifest = Manifest(
        version="0",
        recipe={},
        fingerprints={},
        container=container,
        packed=False,
        vocab_size=150_001,
        shards=writer.finish(),
        sources=[],
    )
    (directory / MANIFEST_NAME).write_bytes(manifest.to_json())
    return directory
