"""The gradients and the loss of one optimizer step's sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import torch
from torch import Tensor

from agentdata.training.data import MicroBatch, TrainSequence, collate, micro_batches
from agentdata.training.loss import (
    CHUNK_LOGITS,
    WeightTally,
    tally,
    token_factors,
    weighted_cross_entropy,
)
from agentdata.training.model import Decoder
from agentdata.training.options import LossNorm
from agentdata.training.world import World


@dataclass(frozen=True)
class Engine:
    """A model and how it is run; `dtype` is that of matrix products, parameters are float32."""

    model: Decoder
    world: World
    dtype: torch.dtype
    loss_norm: LossNorm
    micro_batch_tokens: int


@dataclass(frozen=True)
class StepLoss:
    """Figures over all processes; `loss` is None where no token is trained."""

    loss: float | None
    tokens: int
    trained_tokens: int
    weight_sum: float


def step_loss(engine: Engine, items: Sequence[TrainSequence], *, backward: bool) -> StepLoss:
    """sum(w * ce) / N over the sequences of every process, `items` being those of this one.

    With `backward`, the gradients of that loss are added to the parameters of every process.
    """
    own = tally(item.weights for item in items)
    tokens = sum(len(item.input_ids) for item in items)
    *counts, all_tokens = engine.world.sums([*astuple(own), tokens])
    total = WeightTally(*counts)
    figures = int(all_tokens), int(total.trained_tokens), total.weight_sum
    denominator = total.denominator(engine.loss_norm)
    if not denominator:
        return StepLoss(None, *figures)
    summed = torch.zeros((), dtype=torch.float64, device=engine.world.device)
    for part in micro_batches(items, engine.micro_batch_tokens):
        factors = [token_factors(item.weights, engine.loss_norm, denominator) for item in part]
        with torch.set_grad_enabled(backward):
            loss = _micro_batch_loss(engine, collate(part, factors, engine.world.device))
        if backward:
            torch.autograd.backward(loss)
        summed += loss.detach()
    if backward:
        engine.world.sum_gradients(engine.model.module.parameters())
    return StepLoss(engine.world.sums([float(summed)])[0], *figures)


def _micro_batch_loss(engine: Engine, batch: MicroBatch) -> Tensor:
    model = engine.model
    lower = engine.dtype != torch.float32
    with torch.autocast(engine.world.device.type, dtype=engine.dtype, enabled=lower):
        hidden = model.hidden(batch.input_ids, batch.attention_mask)
        # The state at i predicts token i + 1; the vocabulary is large, so only where it counts.
        trained = batch.factors[:, 1:] > 0
        return weighted_cross_entropy(
            hidden[:, :-1][trained],
            model.head,
            batch.input_ids[:, 1:][trained],
            batch.factors[:, 1:][trained],
            chunk_tokens=max(1, CHUNK_LOGITS // model.vocab_size),
        )
