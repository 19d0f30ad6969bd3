"""The options of a training run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from agentdata.errors import UsageError

LossNorm = Literal["tokens", "weights", "sample"]
"""What the loss of an optimizer step is divided by.

`tokens`: number of predicted tokens with a weight above 0. `weights`: sum of their weights.
`sample`: each sequence by its own number of such tokens, then by the number of such sequences.
"""
Device = Literal["auto", "cpu", "cuda"]
DType = Literal["auto", "float32", "bfloat16"]

TINY = "tiny"
TINY_LR = 1e-3
FINE_TUNING_LR = 1e-5
TINY_BATCH_TOKENS = 4096
FINE_TUNING_BATCH_TOKENS = 32_768


@dataclass(frozen=True)
class TrainOptions:
    """Everything a run depends on; checked when made.

    `directory`: a finished compile. `model`: `tiny`, or a local path or id for transformers.
    `out`: None is `<directory>-train`. A run takes `steps` optimizer steps, or `epochs` passes
    where `steps` is None. `lr` is the peak: None is 1e-3 for `tiny`, else 1e-5; `warmup` is the
    share of steps over which it rises from 0. A step takes shuffled rows up to `batch_tokens`
    tokens (at least one row): None is 4096 for `tiny`, else 32768. Sequences of similar length
    go through the model together, up to `micro_batch_tokens` with padding (at least one
    sequence), which changes memory and speed and nothing else. Rows longer than `max_length`
    tokens are left out and counted. Validation runs every `eval_every` steps and at the end, on
    up to `eval_tokens` tokens of the split `validation`; with `eval_calls`, that many of its turns
    are then generated too, before the first step as well, and their calls scored. A checkpoint is
    written every `save_every` steps, the newest `keep_checkpoints` are kept.

    Raises UsageError `bad_option`.
    """

    directory: Path
    model: str = TINY
    out: Path | None = None
    steps: int | None = None
    epochs: int = 1
    lr: float | None = None
    warmup: float = 0.05
    weight_decay: float = 0.1
    clip: float = 1.0
    batch_tokens: int | None = None
    micro_batch_tokens: int = 4096
    max_length: int | None = None
    loss_norm: LossNorm = "tokens"
    seed: int = 0
    eval_every: int = 100
    eval_tokens: int = 100_000
    eval_calls: int = 0
    save_every: int = 500
    keep_checkpoints: int = 2
    resume: bool = False
    overwrite: bool = False
    device: Device = "auto"
    dtype: DType = "auto"

    def __post_init__(self) -> None:
        positive = ("epochs", "micro_batch_tokens", "eval_every", "eval_tokens", "save_every")
        for name in (*positive, "keep_checkpoints", "clip"):
            _require(getattr(self, name) > 0, name, "above 0")
        _require(self.eval_calls >= 0, "eval_calls", "0 or more")
        for name in ("steps", "batch_tokens", "max_length"):
            value = getattr(self, name)
            _require(value is None or value > 0, name, "above 0")
        _require(self.lr is None or 0 < self.lr <= 1000, "lr", "above 0, and at most 1000")
        _require(0 <= self.warmup <= 1, "warmup", "from 0 to 1, a share of the steps")
        _require(self.weight_decay >= 0, "weight_decay", "0 or more")
        _require(0 <= self.seed < 2**32, "seed", "from 0 to 4294967295")
        for name, kind in (("loss_norm", LossNorm), ("device", Device), ("dtype", DType)):
            _require(getattr(self, name) in get_args(kind), name, "|".join(get_args(kind)))
        if self.resume and self.overwrite:
            raise UsageError("bad_option", "--resume and --overwrite exclude each other")

    @property
    def out_directory(self) -> Path:
        """Where the run writes: `out`, or the sibling `<directory>-train`."""
        directory = self.directory.resolve()
        return self.out or directory.with_name(f"{directory.name}-train")

    @property
    def peak_lr(self) -> float:
        """The highest learning rate of the run."""
        return self.lr or (TINY_LR if self.model == TINY else FINE_TUNING_LR)

    @property
    def step_tokens(self) -> int:
        """`batch_tokens`, or what suits the model where it is None."""
        return self.batch_tokens or (
            TINY_BATCH_TOKENS if self.model == TINY else FINE_TUNING_BATCH_TOKENS
        )

    def lr_at(self, step: int, steps: int) -> float:
        """The learning rate of optimizer step `step` of `steps`, from 0.

        Linear warm-up, then half a cosine down to 0 (Loshchilov & Hutter 2017, equation 5).
        """
        warm = round(self.warmup * steps)
        if step < warm:
            return self.peak_lr * (step + 1) / warm
        return self.peak_lr * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


def _require(holds: bool, name: str, what: str) -> None:
    if not holds:
        option = name.replace("_", "-")
        raise UsageError("bad_option", f"--{option} has to be {what}")
