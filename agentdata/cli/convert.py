"""`agentdata convert`: raw sources of any format to rows of one common format."""

from __future__ import annotations

from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agentdata.convert import TARGETS, ConvertedFile, convert, rejects_path
from agentdata.formats.common.differences import LOSSES

PIPED_WIDTH = 120
"""Columns of the table where it does not go to a terminal."""


@click.command("convert")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--to", required=True, type=click.Choice(TARGETS), help="Format to write.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="A .jsonl or .jsonl.gz file."
)
@click.option("--format", "format_", default="auto", show_default=True, help="Raw format.")
@click.option("--overwrite", is_flag=True, help="Replace the file.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def command(
    sources: tuple[str, ...], to: str, out: Path, format_: str, overwrite: bool, as_json: bool
) -> None:
    """Write raw SOURCEs of any format as rows of one format.

    Every row is read back: what the format cannot hold is counted as a warning, and a row that
    would say something else is rejected, into FILE.rejects.jsonl. `openai` holds everything.

    \b
    Example:
      agentdata convert 'msagent/*.jsonl' --to openai --out chats.jsonl.gz
    """
    files = convert(sources, to, out, format_=format_, overwrite=overwrite)
    if as_json:
        shown = {"files": [file.model_dump() for file in files]}
        click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(files, out)


def _print(files: list[ConvertedFile], out: Path) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    table = Table()
    table.add_column("source", overflow="fold", ratio=1)
    for title in ("format", "read", "written", "merged", "rejected", "warnings"):
        table.add_column(title, overflow="fold")
    for file in files:
        table.add_row(
            escape(file.source),
            file.format,
            str(file.read),
            str(file.written),
            str(file.merged),
            str(file.rejected) + (f" ({_codes(file.rejects)})" if file.rejects else ""),
            _codes(file.warnings),
        )
    console.print(table)
    for code in sorted({code for file in files for code in file.warnings} & LOSSES.keys()):
        console.print(f"{code}: {LOSSES[code]}")
    console.print(f"{sum(file.written for file in files)} rows in {out}", markup=False)
    if any(file.rejected for file in files):
        console.print(f"rejected rows, with reasons: {rejects_path(out)}", markup=False)


def _codes(counts: dict[str, int]) -> str:
    return ", ".join(f"{code} {number}" for code, number in sorted(counts.items()))
