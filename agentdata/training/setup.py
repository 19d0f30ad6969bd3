"""What a run needs before its first step, checked: data, model, optimizer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agentdata.errors import AgentDataError, UsageError
from agentdata.shards.manifest import MANIFEST_NAME
from agentdata.shards.reader import ShardDataset
from agentdata.training import report
from agentdata.training.calls import CallCheck, call_check
from agentdata.training.data import StepPlan, TrainSequence, open_split, sequences
from agentdata.training.hugging_face import load_model
from agentdata.training.model import Decoder, TinyConfig, TinyDecoder
from agentdata.training.options import TINY, TrainOptions
from agentdata.training.step import Engine
from agentdata.training.world import World

BETAS = (0.9, 0.95)


@dataclass(frozen=True)
class Run:
    """A run that can start; `identity` is what its results depend on."""

    options: TrainOptions
    out: Path
    plan: StepPlan
    validation: list[TrainSequence]
    calls: CallCheck | None
    engine: Engine
    optimizer: torch.optim.Optimizer
    steps: int
    identity: dict[str, Any]


def prepare(options: TrainOptions, world: World) -> Run:
    """Opens the data and makes the model; nothing is written yet.

    Raises UsageError (`out_exists`, `media_unsupported`, `vocab_mismatch`, `too_long`) and
    AgentDataError (`nothing_to_train`, `bad_model`, and those of the reader).
    """
    data = open_split(options.directory, "train")
    if data.manifest.media is not None:
        raise UsageError(
            "media_unsupported",
            f"{options.directory} holds rows with media, and text models alone are trained here",
            remedy="train with a trainer of such models, or compile with --media text",
        )
    plan = StepPlan(
        data,
        batch_tokens=options.step_tokens,
        seed=options.seed,
        max_length=options.max_length,
    )
    if plan.trained_tokens == 0:
        raise AgentDataError(
            "nothing_to_train",
            f"the split train of {options.directory} has no token with a weight above 0"
            + (f" in rows up to --max-length {options.max_length}" if options.max_length else ""),
            remedy="see `agentdata stats`, then compile with another --loss-scale",
        )
    steps = options.steps or sum(len(plan.epoch(epoch)) for epoch in range(options.epochs))
    out = options.out_directory
    if not options.resume and not options.overwrite and (out / report.METRICS_NAME).exists():
        raise UsageError(
            "out_exists",
            f"{out} holds a run already",
            remedy="give another --out, or --resume, or --overwrite",
        )
    torch.manual_seed(options.seed)
    model = _model(options, data)
    model.module.to(world.device)
    engine = Engine(
        model, world, _dtype(options, world), options.loss_norm, options.micro_batch_tokens
    )
    validation = list(_own_validation(options, world))
    return Run(
        options,
        out,
        plan,
        validation,
        _calls(options, world),
        engine,
        _optimizer(options, model),
        steps,
        _identity(options, steps),
    )


def _model(options: TrainOptions, data: ShardDataset) -> Decoder:
    vocab_size = data.manifest.vocab_size
    if options.model == TINY:
        return TinyDecoder(TinyConfig(vocab_size))
    model = load_model(options.model)
    if vocab_size > model.vocab_size:
        raise UsageError(
            "vocab_mismatch",
            f"--model {options.model} has {model.vocab_size} embeddings, the shards were compiled "
            f"with a tokenizer of {vocab_size} ids",
            remedy="compile with the tokenizer of that model",
        )
    longest = min(data.longest_sequence, options.max_length or data.longest_sequence)
    if model.max_positions is not None and longest > model.max_positions:
        raise UsageError(
            "too_long",
            f"--model {options.model} has positions for {model.max_positions} tokens, the longest "
            f"sequence has {longest}",
            remedy=f"add --max-length {model.max_positions}",
        )
    return model


def _optimizer(options: TrainOptions, model: Decoder) -> torch.optim.Optimizer:
    parameters = [p for p in model.module.parameters() if p.requires_grad]
    # Norms and biases have no direction to shrink towards 0: only matrices decay.
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": options.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=options.peak_lr, betas=BETAS)


def _dtype(options: TrainOptions, world: World) -> torch.dtype:
    if options.dtype == "auto":
        lower = world.device.type == "cuda" and torch.cuda.is_bf16_supported()
        return torch.bfloat16 if lower else torch.float32
    return torch.bfloat16 if options.dtype == "bfloat16" else torch.float32


def _own_validation(options: TrainOptions, world: World) -> Iterator[TrainSequence]:
    """This process's share of the first rows of `validation`, up to `eval_tokens`."""
    try:
        data = open_split(options.directory, "validation")
    except UsageError:
        return
    limit = options.max_length or np.iinfo(np.int32).max
    fitting = np.flatnonzero(data.lengths <= limit)
    within = np.cumsum(data.lengths[fitting], dtype=np.int64) <= options.eval_tokens
    within[:1] = True
    for index in fitting[within][world.rank :: world.size]:
        yield from sequences(data[index])


def _calls(options: TrainOptions, world: World) -> CallCheck | None:
    if not options.eval_calls:
        return None
    # Unlike the loss, this was asked for: without the split there is nothing to say.
    data = ShardDataset(options.directory, "validation")
    return call_check(
        data,
        options.eval_calls,
        rank=world.rank,
        size=world.size,
        max_length=options.max_length,
    )


def _identity(options: TrainOptions, steps: int) -> dict[str, Any]:
    data = (options.directory / MANIFEST_NAME).read_bytes()
    names = ("model", "peak_lr", "warmup", "weight_decay", "clip", "step_tokens", "max_length")
    chosen = {name: getattr(options, name) for name in (*names, "loss_norm", "seed")}
    return {"manifest": hashlib.sha256(data).hexdigest(), "steps": steps, **chosen}
