"""`agentdata eval`: how predicted calls compare with those of reference rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agentdata.evaluation import Compare, EvalReport, evaluate
from agentdata.evaluation.figures import CALL_FIGURES, FIGURES, RESAMPLES, Figure
from agentdata.evaluation.report import Missing

PIPED_WIDTH = 120
"""Columns of the tables where they do not go to a terminal."""
MOST_TOOLS = 15
_OF_SOURCE = ("turn", "call", "name", "argument_values", "argument_f1", "irrelevance", "rouge_l")


@click.command("eval")
@click.option(
    "--reference",
    "-r",
    multiple=True,
    required=True,
    metavar="SOURCE",
    help="Rows with the right calls, in any format; may be given several times.",
)
@click.option(
    "--predictions",
    "-p",
    required=True,
    metavar="FILE",
    help='JSON lines: {"id", "turn", "text"}, or "tool_calls" and "content" for "text".',
)
@click.option(
    "--template",
    help="What raw text is read with: a name of `agentdata templates`, or a .jinja file.",
)
@click.option(
    "--format", "format_", default="auto", show_default=True, help="Raw format of the reference."
)
@click.option(
    "--compare",
    type=click.Choice([str(c) for c in Compare]),
    default=str(Compare.JSON),
    show_default=True,
    help='When values are the same: strict (1 is not 1.0), json, loose ("1" is 1, case), bfcl.',
)
@click.option(
    "--ordered", is_flag=True, help="Calls of one turn have to come in the order of the reference."
)
@click.option(
    "--missing",
    type=click.Choice(get_args(Missing)),
    default="skip",
    show_default=True,
    help="Turns without a prediction: not counted, or counted as wrong.",
)
@click.option(
    "--worst",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="So many wrong turns in full.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the bootstrap."
)
@click.option(
    "--resamples",
    type=click.IntRange(min=0),
    default=RESAMPLES,
    show_default=True,
    help="Of the bootstrap; 0 leaves the intervals out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    reference: tuple[str, ...],
    predictions: str,
    template: str | None,
    format_: str,
    compare: str,
    ordered: bool,
    missing: Missing,
    worst: int,
    seed: int,
    resamples: int,
    as_json: bool,
) -> None:
    """Score predicted calls: format, names, urls, arguments, whole calls, replies.

    A row of predictions names its reference row by id, and one of the model's turns in it from 0
    (without a turn: the last).

    \b
    Example:
      agentdata eval --reference val.jsonl --predictions out.jsonl --template qwen3
    """
    report = evaluate(
        reference,
        predictions,
        template=template,
        format_=format_,
        compare=Compare(compare),
        ordered=ordered,
        missing=missing,
        worst=worst,
        seed=seed,
        resamples=resamples,
    )
    if as_json:
        click.echo(report.model_dump_json(indent=2))
    else:
        _print(report)


def _print(report: EvalReport) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    console.print(_counts(report), markup=False)
    for unread in report.shown[:5]:
        console.print(
            f"  predictions, line {unread.line}: {unread.reason}: {unread.message}", markup=False
        )
    console.print(_overall(report.figures))
    if len(report.sources) > 1:
        console.print(_by("source", report.sources, _OF_SOURCE))
    if report.tools:
        often = sorted(report.tools, key=lambda name: (-report.tools[name]["call"].of, name))
        shown = {name: report.tools[name] for name in often[:MOST_TOOLS]}
        console.print(_by("tool", shown, CALL_FIGURES[:6]))
        if len(often) > MOST_TOOLS:
            console.print(f"{len(often) - MOST_TOOLS} more tools: --json")
    for wrong in report.worst:
        fault = f", {wrong.fault}" if wrong.fault else ""
        lines = [f"\n{wrong.source}, row {wrong.id}, turn {wrong.turn}{fault}", *wrong.diff]
        console.print("\n".join(lines), markup=False, soft_wrap=True)


def _counts(report: EvalReport) -> str:
    parts = [
        f"{report.scored} of {report.predictions} predictions scored against {report.turns} turns"
    ]
    parts += [f"{number} {reason}" for reason, number in sorted(report.unread.items())]
    if report.unpredicted:
        what = "counted as wrong" if report.missing == "wrong" else "not counted"
        parts.append(f"{report.unpredicted} turns without a prediction, {what}")
    if report.rejected:
        parts.append(f"{report.rejected} reference rows rejected (see `agentdata validate`)")
    if report.repeated_ids:
        parts.append(f"{report.repeated_ids} reference rows with an id of an earlier one")
    return "; ".join(parts)


def _overall(figures: Mapping[str, Figure]) -> Table:
    table = Table()
    for title in ("figure", "%", "95 % interval", "of", "share of"):
        table.add_column(
            title, overflow="fold", justify="right" if title in ("%", "of") else "left"
        )
    for name, figure in figures.items():
        between = (
            f"{100 * figure.low:.1f} to {100 * figure.high:.1f}"
            if figure.low is not None and figure.high is not None
            else ""
        )
        table.add_row(name, _percent(figure), between, str(figure.of), FIGURES[name])
    return table


def _by(title: str, rows: Mapping[str, Mapping[str, Figure]], names: tuple[str, ...]) -> Table:
    table = Table()
    table.add_column(title, overflow="fold")
    shown = [name for name in names if any(name in figures for figures in rows.values())]
    for name in shown:
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("calls", justify="right")
    for row, figures in rows.items():
        calls = str(figures["call"].of) if "call" in figures else "0"
        cells = [_percent(figures[name]) if name in figures else "" for name in shown]
        table.add_row(escape(row), *cells, calls)
    return table


def _percent(figure: Figure) -> str:
    return "" if figure.value is None else f"{100 * figure.value:.1f}"
