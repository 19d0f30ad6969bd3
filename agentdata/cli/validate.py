"""`agentdata validate`: what is wrong with raw sources, file by file."""

from __future__ import annotations

from typing import get_args

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agentdata.checks import CheckLevel
from agentdata.validate import FileReport, ValidationReport, validate

PIPED_WIDTH = 120
"""Columns of the table where it does not go to a terminal."""


@click.command("validate")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--format", "format_", default="auto", show_default=True, help="Raw format.")
@click.option(
    "--check",
    type=click.Choice(get_args(CheckLevel)),
    default="normal",
    show_default=True,
    help="Faults of meaning: strict makes them errors, normal warnings, off nothing.",
)
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="So many faults of each code and file in context.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    sources: tuple[str, ...], format_: str, check: CheckLevel, show: int, as_json: bool
) -> int:
    """Read raw SOURCEs and say what is wrong with them; nothing is written.

    Errors are rows that `compile` would reject, warnings those that it would take. Exits with 3
    where there are errors.

    \b
    Example:
      agentdata validate data/*.jsonl --check strict --show 3
    """
    report = validate(sources, format_=format_, check=check, show=show)
    if as_json:
        click.echo(report.model_dump_json(indent=2))
    else:
        _print(report)
    return 3 if report.has_errors else 0


def _print(report: ValidationReport) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    table = Table()
    table.add_column("source", overflow="fold", ratio=1)
    for title in ("format", "rows", "ok", "merged", "errors", "warnings"):
        table.add_column(title, overflow="fold")
    for file in report.files:
        table.add_row(
            escape(file.source),
            file.format,
            str(file.rows),
            str(file.ok),
            str(file.merged),
            _with_codes(file.failed, file.errors),
            _with_codes(file.warned, file.warnings),
        )
    console.print(table)
    for file in report.files:
        _print_faults(console, file, report.help)


def _print_faults(console: Console, file: FileReport, help_: dict[str, str]) -> None:
    for fault in file.shown:
        kind = "error" if fault.code in file.errors else "warning"
        where = f"{file.source}, line {fault.line}"
        where += f", at {fault.pointer}" if fault.pointer else ""
        lines = [f"{where}: {kind} {fault.code}: {fault.message}"]
        if fault.code in help_:
            lines.append(f"  help: {help_[fault.code]}")
        if fault.place:
            lines.append(f"  in the conversation: {fault.place}")
        lines.append(f"  {fault.excerpt}")
        console.print("\n".join(lines), markup=False, soft_wrap=True)


def _with_codes(rows: int, codes: dict[str, int]) -> str:
    if not codes:
        return "0"
    counted = ", ".join(f"{code} {number}" for code, number in sorted(codes.items()))
    return f"{rows} ({counted})"
