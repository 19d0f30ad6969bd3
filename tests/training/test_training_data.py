"""Which rows a step takes: every row once per epoch, the same for the same seed, within budgets."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from builders import build, counting_rows
from hypothesis import given
from hypothesis import strategies as st

from agentdata.shards.reader import ShardDataset
from agentdata.training.data import (
    Position,
    StepPlan,
    TrainSequence,
    collate,
    cut_by_budget,
    micro_batches,
)

LENGTHS = st.lists(st.integers(1, 50), max_size=40)


def sequences_of(lengths: list[int]) -> list[TrainSequence]:
    return [TrainSequence(np.arange(n, dtype=np.int32), np.ones(n, np.float32)) for n in lengths]


@given(LENGTHS, st.integers(1, 120))
def test_cuts_cover_everything_in_order_within_the_budget(sizes: list[int], budget: int) -> None:
    cuts = cut_by_budget(np.array(sizes, np.int64), budget)
    assert [index for start, stop in cuts for index in range(start, stop)] == [*range(len(sizes))]
    for start, stop in cuts:
        assert sum(sizes[start:stop]) <= budget or stop == start + 1
        # No cut comes earlier than it has to.
        assert stop == len(sizes) or sum(sizes[start : stop + 1]) > budget


@given(LENGTHS, st.integers(1, 120))
def test_micro_batches_hold_each_sequence_once_within_the_budget(
    lengths: list[int], budget: int
) -> None:
    items = sequences_of(lengths)
    batches = micro_batches(items, budget)
    assert sorted(id(item) for batch in batches for item in batch) == sorted(map(id, items))
    for batch in batches:
        padded = len(batch) * max(len(item.input_ids) for item in batch)
        assert padded <= budget or len(batch) == 1


def test_padding_stands_on_the_right_and_is_masked() -> None:
    items = sequences_of([4, 2])
    factors = [np.full(4, 0.5, np.float32), np.full(2, 0.25, np.float32)]
    batch = collate(items, factors, torch.device("cpu"))
    assert batch.input_ids.tolist() == [[0, 1, 2, 3], [0, 1, 0, 0]]
    assert batch.factors.tolist() == [[0.5] * 4, [0.25, 0.25, 0, 0]]
    assert batch.attention_mask is not None
    assert batch.attention_mask.tolist() == [[True] * 4, [True, True, False, False]]
    assert collate(items[:1], factors[:1], torch.device("cpu")).attention_mask is None


# From budgets of one group at a time to everything at once.
@pytest.mark.parametrize("cached_tokens", [0, 100, 10**6])
def test_an_epoch_takes_every_row_once(tmp_path: Path, cached_tokens: int) -> None:
    directory = build(tmp_path, {"train": counting_rows(40)}, group_rows=4)
    data = ShardDataset(directory, cache_bytes=cached_tokens * 16)
    plan = StepPlan(data, batch_tokens=60, seed=7)
    orders = []
    for epoch in range(3):
        steps = plan.epoch(epoch)
        order = np.concatenate(steps).tolist()
        assert sorted(order) == list(range(40))
        assert all(data.lengths[rows].sum() <= 60 for rows in steps)
        again = StepPlan(data, batch_tokens=60, seed=7).epoch(epoch)
        assert order == np.concatenate(again).tolist()
        orders.append(order)
    orders.append(np.concatenate(StepPlan(data, batch_tokens=60, seed=8).epoch(0)).tolist())
    assert len(set(map(tuple, orders))) == 4
    assert list(range(40)) not in orders


def test_beyond_the_cache_each_row_group_is_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = build(tmp_path, {"train": counting_rows(40)}, group_rows=4)
    group_bytes = ShardDataset(directory).group_bytes
    assert group_bytes[0] >= ShardDataset(directory)._group(0).bytes
    data = ShardDataset(directory, cache_bytes=4 * int(group_bytes.max()))
    reads = []
    for file in data._files:
        monkeypatch.setattr(
            file, "read", lambda *group, read=file.read: reads.append(group) or read(*group)
        )
    for rows in StepPlan(data, batch_tokens=60, seed=0).epoch(0):
        for index in rows:
            data[index]
    assert len(reads) == len(data.group_starts) - 1 == 10


def test_rows_over_max_length_are_left_out_and_counted(tmp_path: Path) -> None:
    data = ShardDataset(build(tmp_path, {"train": counting_rows(30)}))
    plan = StepPlan(data, batch_tokens=60, seed=0, max_length=12)
    kept = np.concatenate(plan.epoch(0))
    assert sorted(kept) == np.flatnonzero(data.lengths <= 12).tolist()
    assert plan.too_long == 30 - len(kept) > 0
    assert plan.trained_tokens == data.trained_tokens[kept].sum()


@given(st.integers(0, 12))
def test_walking_from_any_place_continues_the_same_walk(skip: int) -> None:
    plan = StepPlan(_Lengths([5, 9, 4, 8, 7, 7, 3]), batch_tokens=16, seed=3)  # type: ignore[arg-type]
    steps = list(islice(plan.walk(Position()), 16))
    place = steps[skip][0]
    resumed = list(islice(plan.walk(place), 16 - skip))
    assert [(here, rows.tolist()) for here, rows, _ in resumed] == [
        (here, rows.tolist()) for here, rows, _ in steps[skip:]
    ]
    assert [following for _, _, following in steps[:-1]] == [here for here, _, _ in steps[1:]]


class _Lengths:
    """What a plan asks of a dataset."""

    cache_bytes = 1 << 20
    group_bytes = np.array([1 << 10])

    def __init__(self, lengths: list[int]) -> None:
        self.lengths = np.array(lengths, np.int32)
        self.group_starts = np.array([0, len(lengths)])

    def __len__(self) -> int:
        return len(self.lengths)
