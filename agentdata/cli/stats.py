"""`agentdata stats`: figures of a compiled directory or of raw sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from agentdata.cli._tools import tool_options
from agentdata.errors import UsageError
from agentdata.files import replacing
from agentdata.shards.manifest import MANIFEST_NAME, load_manifest
from agentdata.stats import Report, manifest_report, sources_report
from agentdata.stats.page import page, require_extra
from agentdata.stats.render import tables

PIPED_WIDTH = 120
"""Columns of the tables where they do not go to a terminal."""


@click.command("stats", epilog="Example: agentdata stats raw.jsonl --tokenizer Qwen/Qwen3-8B")
@click.argument("sources", metavar="DIR|SOURCE...", nargs=-1, required=True)
@click.option(
    "--tokenizer", help="For raw sources: a file, a directory, a Hugging Face id, or bundled."
)
@click.option("--format", help="Raw format.  [default: auto]")
@click.option("--template", help="Chat template.  [default: auto]")
@click.option("--agent-template", help="How calls are written.  [default: auto]")
@click.option("--loss-scale", help="What is trained, and how much.  [default: default]")
@click.option("--weights", help="Weights by kind of text, as tool_call=2,reasoning=0.5.")
@tool_options
@click.option("--limit", type=click.IntRange(min=1), help="Count only so many rows.")
@click.option(
    "--html", type=click.Path(path_type=Path), help="Write them as one page, with charts."
)
@click.option("--json", "as_json", is_flag=True, help="Print the same figures as JSON.")
def command(sources: tuple[str, ...], html: Path | None, as_json: bool, **options: Any) -> None:
    """Lengths, kinds of text, tools, what fits into which context, and what became of the rows.

    DIR is a directory that `agentdata compile` wrote. Anything else is raw SOURCEs: they are read,
    rendered and tokenized as `compile` would, but nothing is written.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if html is not None:
        require_extra()  # before a long measurement, not after it
    report = _compiled(sources, given) or _raw(sources, given)
    if html is not None:
        _write(html, page(report, _title(sources)))
    if as_json:
        click.echo(report.to_json(), nl=False)
        return
    if html is not None:
        click.echo(f"wrote {html}")
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    for table in tables(report):
        console.print(table)


def _title(sources: tuple[str, ...]) -> str:
    if len(sources) > 1:
        return f"{sources[0]} and {len(sources) - 1} more"
    return Path(sources[0]).name or str(Path(sources[0]).resolve())


def _write(path: Path, text: str) -> None:
    try:
        with replacing(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise UsageError(
            "unwritable",
            f"--html {path}: cannot be written: {error.strerror or error}",
            remedy="name a file in a directory that is there",
        ) from None


def _compiled(sources: tuple[str, ...], given: dict[str, Any]) -> Report | None:
    """The report of a compiled directory, None where the sources are raw."""
    finished = [source for source in sources if (Path(source) / MANIFEST_NAME).is_file()]
    if not finished:
        return None
    if len(sources) > 1:
        raise UsageError(
            "mixed_sources",
            f"{finished[0]} is a compiled directory and cannot be counted with other sources",
            remedy="give it alone",
        )
    if given:
        option = "--" + next(iter(given)).replace("_", "-")
        raise UsageError(
            "option_without_effect",
            f"{option} has no effect on {finished[0]}, which is compiled already",
            remedy="leave it out, or name the raw sources",
        )
    return manifest_report(load_manifest(finished[0]))


def _raw(sources: tuple[str, ...], given: dict[str, Any]) -> Report:
    if "tokenizer" not in given:
        raise UsageError(
            "missing_tokenizer",
            f"{sources[0]} is no compiled directory, and raw sources need --tokenizer",
            remedy="name one; --tokenizer bundled is there without a download",
        )
    # Only now: figures of a compiled directory need no tokenizer and no templates.
    from agentdata.loss_scale import parse_weights
    from agentdata.pipeline import measure
    from agentdata.recipe import make_recipe

    if "weights" in given:
        given["weights"] = parse_weights(given["weights"])
    recipe = make_recipe({"sources": list(sources), **given})
    return sources_report(measure(recipe), recipe.content())
