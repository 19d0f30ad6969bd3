"""Orders of a shuffled pass in which no row group is decoded twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


class Groups(Protocol):
    """What shuffling needs of a `ShardDataset`."""

    @property
    def group_starts(self) -> npt.NDArray[np.int64]: ...
    @property
    def group_bytes(self) -> npt.NDArray[np.int64]: ...
    @property
    def cache_bytes(self) -> int: ...


class ShardSampler:
    """Row numbers of one shuffled pass, every row once: a `sampler` for torch's DataLoader.

    Where all decoded rows fit the dataset's `cache_bytes`, and for Arrow shards, which need no
    decoding, the order is a uniform one. Beyond that the row groups are shuffled, then the rows of
    as many groups as fit: each group is decoded once a pass (once per worker that reads it).

    `set_epoch` gives the next pass another order; the same seed and epoch give the same order.
    """

    def __init__(self, data: Groups, *, seed: int = 0) -> None:
        self.data = data
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the pass that iterating goes through."""
        self.epoch = epoch

    def __len__(self) -> int:
        return int(self.data.group_starts[-1])

    def __iter__(self) -> Iterator[int]:
        return iter(shuffled(self.data, self.seed, self.epoch).tolist())


def shuffled(data: Groups, seed: int, epoch: int) -> Rows:
    """int64[rows]: the numbers of all rows in the order of a `ShardSampler`."""
    random = np.random.default_rng((seed, epoch))
    starts = data.group_starts
    sizes = data.group_bytes
    if sizes.sum() <= data.cache_bytes:
        return random.permutation(np.arange(starts[-1]))
    order = random.permutation(len(sizes))
    groups = [np.arange(starts[group], starts[group + 1]) for group in order]
    windows = cut_by_budget(sizes[order], data.cache_bytes)
    return np.concatenate(
        [random.permutation(np.concatenate(groups[start:stop])) for start, stop in windows]
    )


def cut_by_budget(sizes: npt.NDArray[np.integer], budget: int) -> list[tuple[int, int]]:
    """Consecutive ranges (start, stop) whose sizes sum to at most `budget`, or hold one item.

    >>> cut_by_budget(np.array([3, 4, 9, 1, 1]), 8)
    [(0, 2), (2, 3), (3, 5)]
    """
    ends = np.cumsum(sizes, dtype=np.int64)
    cuts, start = [], 0
    while start < len(sizes):
        before = int(ends[start - 1]) if start else 0
        stop = max(int(np.searchsorted(ends, before + budget, side="right")), start + 1)
        cuts.append((start, stop))
        start = stop
    return cuts
