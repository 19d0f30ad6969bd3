"""The weighted loss of one optimizer step: sum(w * ce) / N, N over the whole step.

N is known before the first backward pass, from weights alone, over every micro-batch and rank.
So each token carries its final factor w / N from the start, gradients simply add up, and how a
step is cut into micro-batches or spread over ranks cannot change them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from agentdata.training.options import LossNorm

Weights = npt.NDArray[np.float32]
CHUNK_LOGITS = 1 << 26
"""Logits that are held at once: 256 MiB in float32."""


@dataclass(frozen=True)
class WeightTally:
    """What the denominators need to know of some sequences; tallies add up."""

    trained_tokens: float = 0.0
    weight_sum: float = 0.0
    trained_sequences: float = 0.0

    def __add__(self, other: WeightTally) -> WeightTally:
        return WeightTally(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def denominator(self, norm: LossNorm) -> float:
        """N: trained tokens, sum of weights, or sequences with a trained token."""
        return {
            "tokens": self.trained_tokens,
            "weights": self.weight_sum,
            "sample": self.trained_sequences,
        }[norm]


def tally(weights: Iterable[Weights]) -> WeightTally:
    """Counts over sequences of weights float32[n]; the first token of each must weigh 0."""
    total = WeightTally()
    for sequence in weights:
        trained = int(np.count_nonzero(sequence))
        total += WeightTally(trained, float(sequence.sum(dtype=np.float64)), float(trained > 0))
    return total


def token_factors(weights: Weights, norm: LossNorm, denominator: float) -> Weights:
    """float32[n]: what the cross entropy of each token is multiplied by, so that a sum remains.

    `w / N`; under `sample`, `w / (trained tokens of this sequence) / N`.
    """
    own = max(int(np.count_nonzero(weights)), 1) if norm == "sample" else 1
    return (weights.astype(np.float64) / (own * denominator)).astype(np.float32)


def weighted_cross_entropy(
    hidden: Tensor,
    head: Callable[[Tensor], Tensor],
    targets: Tensor,
    factors: Tensor,
    *,
    chunk_tokens: int,
) -> Tensor:
    """sum(factor * cross entropy), a scalar in float32 or finer.

    `hidden` float[n, width], `targets` int64[n], `factors` float[n]; `head` maps float[m, width]
    to logits float[m, vocabulary]. No more than `chunk_tokens` rows of logits exist at a time:
    the backward pass computes each chunk again.
    """
    if len(targets) <= chunk_tokens:
        return _chunk_loss(hidden, head, targets, factors)
    total = torch.zeros((), device=hidden.device, dtype=torch.float32)
    for start in range(0, len(targets), chunk_tokens):
        part = slice(start, start + chunk_tokens)
        arguments = (hidden[part], head, targets[part], factors[part])
        total = total + checkpoint(_chunk_loss, *arguments, use_reentrant=False)
    return total


def _chunk_loss(
    hidden: Tensor, head: Callable[[Tensor], Tensor], targets: Tensor, factors: Tensor
) -> Tensor:
    logits = head(hidden)
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return (F.cross_entropy(logits, targets, reduction="none") * factors).sum()
