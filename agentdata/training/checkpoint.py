"""Checkpoints: a directory each, complete or absent."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_model, save_model
from torch import nn

from agentdata.errors import AgentDataError, UsageError
from agentdata.training.data import Position

PREFIX = "checkpoint-"
PARTIAL = ".checkpoint-partial"
STATE_NAME = "state.json"
MODEL_NAME = "model.safetensors"
OPTIMIZER_NAME = "optimizer.pt"


@dataclass(frozen=True)
class RunState:
    """Where a run stands: optimizer steps done, and the place of the next one in the data.

    The learning rate and the random numbers of a step follow from its number, so neither is kept.
    `identity` holds what the run's results depend on.
    """

    step: int
    position: Position
    identity: dict[str, Any]


def save(
    out: Path, state: RunState, module: nn.Module, optimizer: torch.optim.Optimizer, keep: int
) -> Path:
    """Writes `out`/checkpoint-<step>, then removes all but the newest `keep`; raises OSError."""
    target = out / f"{PREFIX}{state.step}"
    partial = out / PARTIAL
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        save_model(module, str(partial / MODEL_NAME))
        torch.save(optimizer.state_dict(), partial / OPTIMIZER_NAME)
    except (RuntimeError, SafetensorError) as error:
        # What both libraries make of a full disk.
        raise OSError(f"cannot write {partial}: {error}") from None
    (partial / STATE_NAME).write_text(json.dumps(asdict(state), indent=2) + "\n")
    for path in partial.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    if target.exists():
        shutil.rmtree(target)
    partial.rename(target)
    for _, old in _all(out)[:-keep]:
        shutil.rmtree(old)
    return target


def newest(out: Path) -> Path | None:
    """The checkpoint with the most steps, if there is any."""
    found = _all(out)
    return found[-1][1] if found else None


def load(
    path: Path,
    identity: Mapping[str, Any],
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> RunState:
    """Puts parameters and optimizer state back; returns where the run stands.

    Raises UsageError `resume_mismatch` where the checkpoint is of a run with other options,
    AgentDataError `bad_checkpoint`.
    """
    try:
        raw = json.loads((path / STATE_NAME).read_text())
        state = RunState(raw["step"], Position(**raw["position"]), raw["identity"])
        require_same_run(path, state.identity, identity)
        load_model(module, str(path / MODEL_NAME), device=str(device))
        optimizer.load_state_dict(
            torch.load(path / OPTIMIZER_NAME, map_location=device, weights_only=True)
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise AgentDataError(
            "bad_checkpoint",
            f"{path} cannot be loaded: {error}",
            remedy="remove that directory to resume from the one before",
        ) from None
    return state


def require_same_run(where: Path, recorded: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    """Raises UsageError `resume_mismatch` naming the first thing that differs."""
    for name, value in identity.items():
        if recorded.get(name) != value:
            raise UsageError(
                "resume_mismatch",
                f"{where} is of a run with {name} {recorded.get(name)}, not {value}",
                remedy="resume with the options of that run, or start anew with --overwrite",
            )


def _all(out: Path) -> list[tuple[int, Path]]:
    numbered = [(path.name.removeprefix(PREFIX), path) for path in out.glob(f"{PREFIX}*")]
    return sorted((int(number), path) for number, path in numbered if number.isdigit())
