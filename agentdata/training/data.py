"""Which rows an optimizer step takes, as sequences in padded micro-batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from agentdata.shards.manifest import load_manifest
from agentdata.shards.reader import Row, ShardDataset
from agentdata.shards.shuffle import Rows, cut_by_budget, shuffled


@dataclass(frozen=True)
class TrainSequence:
    """One sequence that attends to itself alone: ids int32[n], weights float32[n], w[0] = 0."""

    input_ids: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]


@dataclass(frozen=True)
class MicroBatch:
    """Sequences padded on the right: int64, float32 and bool [sequences, longest].

    `attention_mask` is True on real tokens, None where there is no padding.
    """

    input_ids: Tensor
    factors: Tensor
    attention_mask: Tensor | None


@dataclass(frozen=True)
class Position:
    """A place in the endless run of steps: step `index` of pass `epoch`, both from 0."""

    epoch: int = 0
    index: int = 0


class StepPlan:
    """Cuts each epoch's rows, in the order of a `ShardSampler`, into optimizer steps."""

    def __init__(
        self, data: ShardDataset, *, batch_tokens: int, seed: int, max_length: int | None = None
    ) -> None:
        self.data = data
        self.batch_tokens = batch_tokens
        self.seed = seed
        kept = data.lengths <= (max_length or np.iinfo(np.int32).max)
        self._kept: npt.NDArray[np.bool_] = kept
        self._cached: tuple[int, list[Rows]] | None = None

    @property
    def too_long(self) -> int:
        """Rows that are left out for their length."""
        return int(np.count_nonzero(~self._kept))

    @property
    def trained_tokens(self) -> int:
        """Tokens with a weight in the rows that take part."""
        return int(self.data.trained_tokens[self._kept].sum(dtype=np.int64))

    def epoch(self, epoch: int) -> list[Rows]:
        """The steps of one pass: row numbers int64[k] each."""
        if self._cached is None or self._cached[0] != epoch:
            self._cached = (epoch, self._cut(self._shuffled(epoch)))
        return self._cached[1]

    def walk(self, start: Position) -> Iterator[tuple[Position, Rows, Position]]:
        """Endlessly (position, rows, next position), epoch after epoch."""
        here = start
        while True:
            steps = self.epoch(here.epoch)
            last = here.index + 1 >= len(steps)
            following = Position(here.epoch + 1) if last else Position(here.epoch, here.index + 1)
            yield here, steps[here.index], following
            here = following

    def _shuffled(self, epoch: int) -> Rows:
        rows = shuffled(self.data, self.seed, epoch)
        kept: Rows = rows[self._kept[rows]]
        return kept

    def _cut(self, rows: Rows) -> list[Rows]:
        cuts = cut_by_budget(self.data.lengths[rows], self.batch_tokens)
        return [rows[start:stop] for start, stop in cuts]


def open_split(directory: Path, split: str) -> ShardDataset:
    """The rows of a split, with the columns that `sequences` reads.

    Raises what `ShardDataset` raises.
    """
    packed = ("seq_lengths",) if load_manifest(directory).packed else ()
    columns = ("input_ids", "loss_weights", *packed)
    return ShardDataset(directory, split, columns=columns)


def sequences(row: Row) -> Iterator[TrainSequence]:
    """The sequences of a row: a packed row is taken apart again.

    Attention then stays within a sequence in every architecture, those with a recurrent state
    included, which no mask over a pack could isolate. The first token follows nothing, so its
    weight counts for nothing.
    """
    lengths = row.get("seq_lengths", [len(row["input_ids"])])
    stops = np.cumsum(lengths)
    for start, stop in zip(stops - lengths, stops, strict=True):
        weights = row["loss_weights"][start:stop].copy()
        weights[:1] = 0.0
        yield TrainSequence(row["input_ids"][start:stop], weights)


def micro_batches(
    items: Sequence[TrainSequence], micro_batch_tokens: int
) -> list[list[TrainSequence]]:
    """Sequences by falling length, cut so that a padded batch holds at most that many tokens.

    Sequences without a weight are left out: their gradient is 0.
    """
    trained = [item for item in items if item.weights.any()]
    trained.sort(key=lambda item: -len(item.input_ids))
    batches: list[list[TrainSequence]] = []
    for item in trained:
        longest = len(batches[-1][0].input_ids) if batches else 0
        if batches and (len(batches[-1]) + 1) * longest <= micro_batch_tokens:
            batches[-1].append(item)
        else:
            batches.append([item])
    return batches


def collate(
    items: Sequence[TrainSequence],
    factors: Sequence[npt.NDArray[np.float32]],
    device: torch.device,
) -> MicroBatch:
    """One padded micro-batch of sequences and the factor of each of their tokens."""
    lengths = np.array([len(item.input_ids) for item in items])
    shape = (len(items), int(lengths.max()))
    ids, padded = np.zeros(shape, np.int64), np.zeros(shape, np.float32)
    for number, (item, factor) in enumerate(zip(items, factors, strict=True)):
        ids[number, : lengths[number]] = item.input_ids
        padded[number, : lengths[number]] = factor
    real = np.arange(shape[1]) < lengths[:, None]
    mask = None if real.all() else torch.from_numpy(real).to(device)
    return MicroBatch(torch.from_numpy(ids).to(device), torch.from_numpy(padded).to(device), mask)
