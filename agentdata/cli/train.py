"""`agentdata train`: options in, progress lines and the result out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args

import click
import orjson

from agentdata.cli._progress import Display, TrainProgress
from agentdata.training import require_extra
from agentdata.training.options import Device, DType, LossNorm, TrainOptions

DEFAULTS = {field.name: field.default for field in fields(TrainOptions)}


def _option(name: str, kind: Any, text: str, **more: Any) -> Callable[[Any], Any]:
    default = DEFAULTS[name.removeprefix("--").replace("-", "_")]
    shown = default is not None
    return click.option(name, type=kind, default=default, show_default=shown, help=text, **more)


@click.command("train")
@click.argument("directory", type=click.Path(path_type=Path))
@_option("--model", str, "tiny, or a local path or id of a causal LM for transformers.")
@_option("--out", click.Path(path_type=Path), "Where to write.  [default: DIRECTORY-train]")
@_option("--steps", int, "Optimizer steps; without it, --epochs decides.")
@_option("--epochs", int, "Passes over the data.")
@_option("--lr", float, "Peak learning rate.  [default: 1e-3 for tiny, else 1e-5]")
@_option("--warmup", float, "Share of the steps over which the learning rate rises.")
@_option("--weight-decay", float, "Of AdamW, on matrices.")
@_option("--clip", float, "Largest norm of the gradient.")
@_option(
    "--batch-tokens",
    int,
    "Tokens of an optimizer step, over all processes.  [default: 4096 for tiny, else 32768]",
)
@_option("--micro-batch-tokens", int, "Tokens that go through the model at once, with padding.")
@_option("--max-length", int, "Leave out rows with more tokens, and count them.")
@_option(
    "--loss-norm",
    click.Choice(get_args(LossNorm)),
    "What the weighted sum is divided by: number of trained tokens, sum of their weights, or "
    "each sequence by its own number, then their mean.",
)
@_option("--seed", int, "Of shuffling, initial parameters and dropout.")
@_option("--eval-every", int, "Steps between validations; one more at the end.")
@_option("--eval-tokens", int, "Tokens of the validation split to use.")
@_option(
    "--eval-calls",
    int,
    "Turns of the validation split to generate at each validation and score by their calls.",
)
@_option("--save-every", int, "Steps between checkpoints.")
@_option("--keep-checkpoints", int, "How many of the newest checkpoints stay.")
@_option("--resume", bool, "Go on from the newest checkpoint in --out, if any.", is_flag=True)
@_option("--overwrite", bool, "Remove an earlier run in --out.", is_flag=True)
@_option("--device", click.Choice(get_args(Device)), "Where to train; auto takes a GPU.")
@_option("--dtype", click.Choice(get_args(DType)), "Of products; auto is bfloat16 on a GPU.")
@click.option("--quiet", is_flag=True, help="No progress on stderr.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(quiet: bool, as_json: bool, **options: Any) -> None:
    """Train on the shards of DIRECTORY, which `agentdata compile` wrote.

    Loss of a step: sum(weight * cross entropy) / N, N over the whole step. For several GPUs:
    torchrun --nproc-per-node 8 --no-python agentdata train ...

    \b
    Example:
      agentdata train shards --model tiny --steps 200
    """
    require_extra()
    # Only now, so that every other command works without torch.
    from agentdata.training.loop import train

    # Under torchrun every process runs this, and the first one alone has something to say.
    silent = quiet or os.environ.get("RANK", "0") != "0"
    with nullcontext() if silent else Display() as display:
        progress = _nothing if display is None else TrainProgress(display, line)
        result = train(TrainOptions(**options), progress)
    if os.environ.get("RANK", "0") != "0":
        return
    if as_json:
        shown = asdict(result) | {"out": str(result.out)}
        click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo(summary(asdict(result)))


def _nothing(record: Mapping[str, Any]) -> None:
    """No one looks."""


def line(record: Mapping[str, Any], steps: int) -> str:
    """What one record of the run says, for people."""
    at = f"step {record['step']}/{steps}"
    if record.get("event") == "start":
        text = (
            f"training {record['parameters']:,} parameters on {record['rows']:,} rows for "
            f"{steps} steps ({record['device']}, {record['dtype']}, "
            f"{record['processes']} process{'es' if record['processes'] > 1 else ''}), "
            f"writing to {record['out']}"
        )
        if record["step"]:
            text += f"; resumed after step {record['step']}"
        if record["too_long_rows"]:
            text += f"; {record['too_long_rows']:,} rows over --max-length left out"
        return text
    if record.get("event") == "checkpoint":
        return f"{at}  checkpoint {record['path']}"
    if "eval_calls" in record:
        return f"{at}  generated turns: {calls_line(record['eval_calls'])}"
    if "val_loss" in record:
        return f"{at}  validation loss {record['val_loss']:.4f}"
    if record["loss"] is None:
        return f"{at}  skipped: no trained token"
    return (
        f"{at}  loss {record['loss']:.4f}  lr {record['lr']:.2e}  "
        f"grad {record['grad_norm']:.2f}  {record['tokens_per_s']:,.0f} tokens/s"
    )


def calls_line(figures: Mapping[str, float]) -> str:
    """The figures over generated turns, in percent, for people."""
    names = ("format", "call_recall", "name", "argument_f1", "call", "turn", "irrelevance")
    shown = [name for name in (*names, "rouge_l") if name in figures]
    return ", ".join(f"{name} {100 * figures[name]:.1f} %" for name in shown)


def summary(result: Mapping[str, Any]) -> str:
    """What a finished run came to, for people."""
    parts = [f"{result['steps']} steps, {result['tokens']:,} tokens in {result['seconds']:.1f} s"]
    if result["skipped_steps"]:
        parts.append(f"{result['skipped_steps']} steps without trained tokens skipped")
    if result["too_long_rows"]:
        parts.append(f"{result['too_long_rows']:,} rows over --max-length left out")
    if result["loss"] is not None:
        parts.append(f"last loss {result['loss']:.4f}")
    if result["val_loss"] is not None:
        parts.append(f"validation loss {result['val_loss']:.4f}")
    if result["eval_calls"] is not None:
        parts.append(f"generated turns: {calls_line(result['eval_calls'])}")
    return "; ".join(parts) + f"\nwrote {result['out']}"
