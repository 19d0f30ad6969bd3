"""A training run from options to a trained model."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch

from agentdata import __version__
from agentdata.errors import AgentDataError
from agentdata.shards.shuffle import Rows
from agentdata.training import checkpoint, report
from agentdata.training.data import Position, sequences
from agentdata.training.model import Decoder
from agentdata.training.options import TrainOptions
from agentdata.training.setup import Run, prepare
from agentdata.training.step import StepLoss, step_loss
from agentdata.training.world import joined

Record = Mapping[str, Any]
Progress = Callable[[Record], None]


@dataclass(frozen=True)
class TrainResult:
    """What a run came to; `loss` and `val_loss` are the last ones, None where there is none.

    `eval_calls` are the last figures over generated turns (see `evaluation.figures.FIGURES`).
    """

    out: Path
    steps: int
    skipped_steps: int
    tokens: int
    trained_tokens: int
    loss: float | None
    val_loss: float | None
    eval_calls: dict[str, float] | None
    rows: int
    too_long_rows: int
    parameters: int
    seconds: float


def train(options: TrainOptions, progress: Progress = lambda record: None) -> TrainResult:
    """Trains on the split `train` of a compiled directory and writes `options.out_directory`.

    That holds metrics.jsonl (a line per step, one or two per validation), loss.svg, report.json,
    model/ and checkpoint-<step>/. `progress` gets every line of metrics.jsonl, and before them
    one record `{"event": "start", ...}`; `{"event": "checkpoint", ...}` for each checkpoint.

    Under torchrun each process takes its share of every step, with the same result.

    Raises UsageError (`out_exists`, `resume_mismatch`, `too_long`, `vocab_mismatch`, ...) and
    AgentDataError (`nothing_to_train`, `diverged`, `out_of_memory`, `cannot_write`, and those
    of the reader).
    """
    with joined(options.device) as world, _deterministic(world.device):
        run = prepare(options, world)
        finished = _finished(run)
        if finished:
            return finished
        try:
            return _run(run, progress if world.leads else lambda record: None)
        except OSError as error:
            raise AgentDataError(
                "cannot_write",
                f"writing to {run.out} failed: {error}",
                remedy="make room or give another --out; --resume goes on from the last checkpoint",
            ) from None
        except torch.cuda.OutOfMemoryError:
            raise AgentDataError(
                "out_of_memory",
                f"the device has no memory left at --micro-batch-tokens "
                f"{options.micro_batch_tokens}",
                remedy="halve --micro-batch-tokens, which leaves the result as it is",
            ) from None


def _finished(run: Run) -> TrainResult | None:
    path = run.out / report.REPORT_NAME
    if not run.options.resume or not path.is_file():
        return None
    recorded = orjson.loads(path.read_bytes())
    checkpoint.require_same_run(path, recorded["identity"], run.identity)
    return TrainResult(**recorded["result"] | {"out": run.out})


def _run(run: Run, progress: Progress) -> TrainResult:
    world, out = run.engine.world, run.out
    state = _start(run)
    progress(
        {
            "event": "start",
            "step": state.step,
            "steps": run.steps,
            "rows": len(run.plan.data),
            "too_long_rows": run.plan.too_long,
            "parameters": _parameters(run.engine.model),
            "device": str(world.device),
            "dtype": str(run.engine.dtype).removeprefix("torch."),
            "processes": world.size,
            "out": str(out),
        }
    )

    def log(record: Record) -> None:
        if world.leads:
            report.append_metrics(out, record)
        progress(record)

    if state.step == 0:
        _check_calls(run, 0, log)
    remaining = islice(run.plan.walk(state.position), run.steps - state.step)
    for step, (here, rows, following) in enumerate(remaining, start=state.step + 1):
        log({"step": step, "epoch": here.epoch, **_train_step(run, step, rows)})
        if step % run.options.eval_every == 0 or step == run.steps:
            val_loss = _validate(run)
            if val_loss is not None:
                log({"step": step, "val_loss": val_loss})
            _check_calls(run, step, log)
        state = replace(state, step=step, position=following)
        if step % run.options.save_every == 0 and step < run.steps:
            if world.leads:
                keep = run.options.keep_checkpoints
                module = run.engine.model.module
                path = checkpoint.save(out, state, module, run.optimizer, keep)
                report.write_curve(out, _title(run))
                progress({"event": "checkpoint", "step": step, "path": str(path)})
            world.wait()
    if world.leads:
        run.engine.model.save(out / "model")
        report.write_curve(out, _title(run))
    world.wait()
    return _result(run)


def _start(run: Run) -> checkpoint.RunState:
    """Readies the directory and, on resume, the model; returns where to go on."""
    world, out = run.engine.world, run.out
    world.wait()
    if world.leads:
        if run.options.overwrite:
            _clear(out)
        out.mkdir(parents=True, exist_ok=True)
    path = checkpoint.newest(out) if run.options.resume else None
    state = checkpoint.RunState(0, Position(), run.identity)
    if path:
        module = run.engine.model.module
        state = checkpoint.load(path, run.identity, module, run.optimizer, world.device)
    if world.leads:
        report.keep_metrics_until(out, state.step)
    world.wait()
    return state


def _clear(out: Path) -> None:
    """Removes what a run writes, and nothing else that may lie there."""
    for path in (*out.glob(f"{checkpoint.PREFIX}*"), out / checkpoint.PARTIAL, out / "model"):
        shutil.rmtree(path, ignore_errors=True)
    for name in (report.METRICS_NAME, report.CURVE_NAME, report.REPORT_NAME):
        (out / name).unlink(missing_ok=True)


def _train_step(run: Run, step: int, rows: Rows) -> dict[str, Any]:
    options, engine, world = run.options, run.engine, run.engine.world
    began = time.perf_counter()
    # Dropout depends on the step alone: a resumed run draws what an unbroken one would.
    torch.manual_seed(_step_seed(options.seed, step, world.rank))
    engine.model.module.train()
    lengths = run.plan.data.lengths[rows]
    own = rows[np.argsort(-lengths, kind="stable")][world.rank :: world.size]
    items = [item for index in own for item in sequences(run.plan.data[index])]
    lr = options.lr_at(step - 1, run.steps)
    for group in run.optimizer.param_groups:
        group["lr"] = lr
    figures = step_loss(engine, items, backward=True)
    norm = _update(run, step) if figures.loss is not None else None
    seconds = time.perf_counter() - began
    return {
        "loss": figures.loss,
        "lr": lr,
        "grad_norm": norm,
        "tokens": figures.tokens,
        "trained_tokens": figures.trained_tokens,
        "weight_sum": figures.weight_sum,
        "tokens_per_s": round(figures.tokens / seconds, 1),
        "seconds": round(seconds, 4),
    }


def _update(run: Run, step: int) -> float:
    parameters = list(run.engine.model.module.parameters())
    norm = float(torch.nn.utils.clip_grad_norm_(parameters, run.options.clip))
    if not np.isfinite(norm):
        raise AgentDataError(
            "diverged",
            f"the gradient of step {step} is not finite",
            remedy=f"lower --lr (now {run.options.peak_lr:g}) or raise --warmup",
        )
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    return norm


def _validate(run: Run) -> float | None:
    run.engine.model.module.eval()
    figures: StepLoss = step_loss(run.engine, run.validation, backward=False)
    return figures.loss


def _check_calls(run: Run, step: int, log: Progress) -> None:
    if run.calls is not None:
        log({"step": step, "eval_calls": run.calls.figures(run.engine)})


def _result(run: Run) -> TrainResult:
    records = report.read_metrics(run.out)
    steps = [record for record in records if "loss" in record]
    losses = [record["loss"] for record in steps if record["loss"] is not None]
    val_losses = [record["val_loss"] for record in records if "val_loss" in record]
    checks = [record["eval_calls"] for record in records if "eval_calls" in record]
    result = TrainResult(
        out=run.out,
        steps=run.steps,
        skipped_steps=len(steps) - len(losses),
        tokens=sum(record["tokens"] for record in steps),
        trained_tokens=sum(record["trained_tokens"] for record in steps),
        loss=losses[-1] if losses else None,
        val_loss=val_losses[-1] if val_losses else None,
        eval_calls=checks[-1] if checks else None,
        rows=len(run.plan.data),
        too_long_rows=run.plan.too_long,
        parameters=_parameters(run.engine.model),
        seconds=round(sum(record["seconds"] for record in steps), 2),
    )
    if run.engine.world.leads:
        shown = {name: str(v) if isinstance(v, Path) else v for name, v in asdict(result).items()}
        asked = {
            name: str(v) if isinstance(v, Path) else v for name, v in asdict(run.options).items()
        }
        report.write_report(
            run.out,
            {
                "version": __version__,
                "result": shown,
                "options": asked,
                "identity": run.identity,
                "device": str(run.engine.world.device),
                "dtype": str(run.engine.dtype).removeprefix("torch."),
            },
        )
    return result


def _title(run: Run) -> str:
    return f"{run.options.model} on {run.options.directory.name}, per {run.options.loss_norm}"


def _parameters(model: Decoder) -> int:
    return sum(parameter.numel() for parameter in model.module.parameters())


def _step_seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def _deterministic(device: torch.device) -> Iterator[None]:
    """On CPU the same run gives the same bits; GPU kernels are left to be fast.

    There, numbers below 1e-38 count as 0: a sure prediction leaves thousands of them in the
    gradient of the logits, and CPUs multiply those about 15 times slower.
    """
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    on_cpu = device.type == "cpu"
    torch.use_deterministic_algorithms(before or on_cpu, warn_only=True)
    torch.set_flush_denormal(on_cpu)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn_only)
        torch.set_flush_denormal(False)
