"""`agentdata compile`: raw conversations to shards."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import nullcontext
from os.path import commonpath
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from agentdata.cli._options import given
from agentdata.cli._progress import CompileProgress, Display
from agentdata.cli._tools import print_tools, tool_options
from agentdata.errors import UsageError
from agentdata.pipeline import compile_recipe
from agentdata.recipe import load_recipe, make_recipe
from agentdata.shards.manifest import Manifest

PIPED_WIDTH = 120


@click.command("compile")
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Directory to write.")
@click.option("--recipe", "recipe_file", type=click.Path(), help="YAML file with these options.")
@click.option("--tokenizer", help="tokenizer.json, its directory, a Hugging Face id, or `bundled`.")
@click.option("--format", help="Raw format, or auto (default): by the first rows of each file.")
@click.option(
    "--template",
    help="auto (default: the tokenizer's own chat template, else chatml), a .jinja file, or a chat "
    "format of `agentdata templates`.",
)
@click.option("--agent-template", help="How calls are written; auto is the template's own.")
@click.option("--template-arg", multiple=True, help="KEY=VALUE for the chat template; repeatable.")
@click.option("--template-date", help="The day that chat templates are told it is, as 2024-07-26.")
@click.option(
    "--train-injected",
    is_flag=True,
    default=None,
    help="Train what the chat template adds to the model's turn, as empty think blocks.",
)
@click.option(
    "--unstable",
    help="Turns that a row shows otherwise than a server would: split (default), keep, reject.",
)
@click.option("--loss-scale", help="default, last_round, all, presets, a JSON file; joined by +.")
@click.option("--weights", help="By kind: tool_call=2,tool_call.name=3,reasoning=0.5; multiply.")
@click.option("--max-length", type=int, help="Tokens per row at most.")
@click.option("--overflow", help="drop (default), truncate_left, truncate_right, split, error.")
@click.option("--pack", type=int, help="Pack rows into rows of at most N tokens.")
@click.option("--split", help="Shares of other splits, as val=0.02; by a hash of the id.")
@click.option("--container", help="parquet (default) or arrow.")
@click.option("--shard-size", help="Bytes of tensors per shard, as 256MB (default).")
@click.option("--special-tokens-in-text", help="plain (default), reject or allow.")
@click.option(
    "--straddle", help="Weight of a token over several weights: min (default), first, max."
)
@click.option("--check", help="Faults of meaning: strict rejects, normal (default) counts, off.")
@click.option("--redact", help="Take out secrets, email, or both (secrets,email).")
@click.option(
    "--rejects-without-rows",
    is_flag=True,
    default=None,
    help="Keep the content of rejected rows out of rejects.jsonl.",
)
@click.option("--on-error", help="quarantine (default) or raise.")
@click.option(
    "--max-reject-rate", type=float, help="Exit with 3 above this share of rejected rows."
)
@click.option(
    "--media",
    help="Images, videos, audio: reference (default: shards hold paths), embed (bytes), or text "
    "(nothing but <image>, untrained).",
)
@click.option(
    "--media-family",
    help="Whose tokens stand for media: auto (default: by the tokenizer), none, qwen2_vl, "
    "qwen2_5_vl, qwen3_vl, llava, internvl.",
)
@click.option("--media-root", help="Folder of the media; default: that of each data file.")
@click.option("--media-tokens", help="Tokens of each item by type, as video=256,audio=750.")
@click.option("--min-pixels", type=int, help="Of an image at least, in the families of Qwen.")
@click.option("--max-pixels", type=int, help="Of an image at most, in the families of Qwen.")
@click.option("--fetch-media", is_flag=True, default=None, help="Fetch media that are URLs.")
@tool_options
@click.option("--limit", type=int, help="Read this many rows at most.")
@click.option("--verify-tokens", type=float, help="Share of rows to check against the tokenizer.")
@click.option(
    "--workers",
    type=int,
    help="Processes; by default a core each, if there is work.",
)
@click.option("--overwrite", is_flag=True, help="Replace what is compiled there.")
@click.option(
    "--resume/--no-resume",
    default=True,
    help="Go on where a run of the same command ended (default), or begin anew.",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest.")
def command(
    sources: tuple[str, ...],
    out: Path,
    recipe_file: str | None,
    max_reject_rate: float | None,
    overwrite: bool,
    resume: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Compile raw conversations into shards.

    \b
    Example:
      agentdata compile data/*.jsonl --tokenizer ./qwen2.5 --template qwen2_5 \\
          --loss-scale hermes --max-length 8192 --split val=0.02 --out shards
    """
    values: dict[str, Any] = load_recipe(recipe_file) if recipe_file else {}
    values |= given(options)
    if sources:
        values["sources"] = list(sources)
    if not values.get("sources"):
        raise UsageError("bad_option", "SOURCE...: nothing to read", remedy="name files to compile")
    if not values.get("tokenizer"):
        raise UsageError(
            "bad_option", "--tokenizer is missing", remedy="name a tokenizer.json or its directory"
        )
    values.setdefault("workers", None)
    recipe = make_recipe(values)
    started = time.monotonic()
    display = nullcontext() if quiet else Display()
    with display as shown:
        progress = None if shown is None else CompileProgress(shown)
        manifest = compile_recipe(
            recipe, out, overwrite=overwrite, resume=resume, progress=progress
        )
    if as_json:
        click.echo(manifest.to_json().decode(), nl=False)
    elif not quiet:
        _print(manifest, out, time.monotonic() - started)
    read = sum(source.read for source in manifest.sources)
    rejected = sum(source.rejected for source in manifest.sources)
    return 3 if max_reject_rate is not None and rejected > max_reject_rate * read else 0


def _print(manifest: Manifest, out: Path, seconds: float) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    folder = _common_folder([counts.source for counts in manifest.sources])
    table = Table()
    table.add_column(f"source in {folder}" if folder else "source", overflow="fold", ratio=1)
    for title in ("format", "read", "written", "rejected", "filtered", "tokens", "trained"):
        table.add_column(title, overflow="fold")
    for counts in manifest.sources:
        tokens = counts.tally.tokens
        table.add_row(
            counts.source.removeprefix(folder),
            ", ".join(counts.formats),
            str(counts.read),
            str(counts.written + counts.merged),
            _with_reasons(counts.rejected, counts.rejects),
            _with_reasons(sum(counts.filtered.values()), counts.filtered),
            str(tokens),
            f"{counts.tally.trained_tokens / tokens:.1%}" if tokens else "",
        )
    console.print(table)
    total = manifest.total()
    console.print(
        f"{len(manifest.shards)} shards with {total.tokens} tokens in {out} "
        f"({seconds:.1f} s, {total.tokens / seconds:,.0f} tokens/s)",
        highlight=False,
    )
    _print_counts(console, "warnings", [counts.warnings for counts in manifest.sources])
    turns = [counts.turns for counts in manifest.sources]
    if any(set(found) - {"stable"} for found in turns):
        _print_counts(console, "trained turns", turns)
    print_tools(console, manifest.sources)
    if any(counts.rejected for counts in manifest.sources):
        console.print(f"rejected rows, with reasons: {out / 'rejects.jsonl'}", highlight=False)


def _common_folder(sources: list[str]) -> str:
    """The folder that holds all of several sources, with the / behind it; else ""."""
    try:
        folder = f"{commonpath(sources)}/" if len(sources) > 1 else ""
    except ValueError:  # some are absolute, others not
        return ""
    return folder if all(source.startswith(folder) for source in sources) else ""


def _print_counts(console: Console, title: str, counters: list[Counter[str]]) -> None:
    total = sum(counters, Counter())
    if total:
        listed = ", ".join(f"{name} {number}" for name, number in sorted(total.items()))
        console.print(f"{title}: {listed}", highlight=False)


def _with_reasons(number: int, reasons: dict[str, int]) -> str:
    if not number:
        return "0"
    return f"{number} ({', '.join(f'{code} {n}' for code, n in sorted(reasons.items()))})"
