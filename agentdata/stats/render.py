"""A report as tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from agentdata.stats.report import Distribution, Figures, Report, ToolChange

SOURCES_SHOWN = 30
"""So many sources have rows of their own in the tables; all of them are in the JSON."""

_NONE = "–"


class _Column(NamedTuple):
    """A heading; `wide` columns hold words, all others numbers."""

    heading: str
    wide: bool = False


_SPREAD = tuple(map(_Column, ("mean", "p50", "p90", "p99", "max")))


def tables(report: Report) -> list[RenderableType]:
    """The tables of a report, in the order in which they are read. Names from data are plain
    text: no markup in them is followed."""
    shown = report.sources[:SOURCES_SHOWN]
    if len(report.sources) != 1:
        shown = [*shown, report.total]
    parts: list[RenderableType] = [_flow(shown), _tokens(shown), _lengths(shown)]
    if len(report.sources) > SOURCES_SHOWN:
        hidden = len(report.sources) - SOURCES_SHOWN
        parts.append(Text(f"{hidden:,} more sources are in the total alone (all with --json).\n"))
    if report.splits:
        parts.append(_splits(report))
    if report.total.rows:
        parts += [_kinds(report.total), _contexts(report.total), _per_row(report.total)]
    if report.total.top_tools:
        parts.append(_tools(report.total))
    if report.total.costly_tools:
        parts += [_sections(report.total), _costs(report.total)]
    if report.total.tools is not None:
        parts.append(_change(report.total, report.total.tools))
    return parts


def _flow(shown: list[Figures]) -> Table:
    table = _table(
        "What became of the rows",
        *(_Column("source", True), _Column("read"), _Column("written")),
        *(_Column("merged"), _Column("filtered"), _Column("rejected")),
        _Column("reasons", True),
    )
    for figures in shown:
        flow = figures.flow
        _row(
            table,
            figures.source,
            f"{flow.read:,}",
            f"{flow.written:,}",
            f"{flow.merged:,}",
            f"{sum(flow.filtered.values()):,}",
            f"{flow.rejected:,}",
            _counts({**flow.rejects, **flow.filtered}),
        )
    return table


def _tokens(shown: list[Figures]) -> Table:
    table = _table(
        "Tokens",
        *(_Column("source", True), _Column("tokens"), _Column("trained"), _Column("share")),
        *(_Column("weight sum"), _Column("straddling"), _Column("stop\ntrained")),
    )
    for figures in shown:
        _row(
            table,
            figures.source,
            f"{figures.tokens:,}",
            f"{figures.trained_tokens:,}",
            _percent(figures.trained_share),
            f"{figures.weight_sum:,.1f}",
            f"{figures.straddling_tokens:,}",
            _NONE if figures.stop_share is None else _percent(figures.stop_share),
        )
    return table


def _lengths(shown: list[Figures]) -> Table:
    table = _table("Tokens per row", _Column("source", True), _Column("rows"), *_SPREAD)
    for figures in shown:
        _row(table, figures.source, f"{figures.rows:,}", *_spread(figures.lengths))
    return table


def _splits(report: Report) -> Table:
    table = _table(
        "Shards, packed" if report.packed else "Shards",
        *(_Column("split", True), _Column("files"), _Column("packs" if report.packed else "rows")),
        *(_Column("tokens"), _Column("trained"), _Column("weight sum"), _Column("MB")),
    )
    for split in report.splits:
        _row(
            table,
            split.split,
            f"{split.shards:,}",
            f"{split.rows:,}",
            f"{split.tokens:,}",
            f"{split.trained_tokens:,}",
            f"{split.weight_sum:,.1f}",
            f"{split.bytes / 1e6:,.2f}",
        )
    return table


def _kinds(total: Figures) -> Table:
    table = _table(
        "Tokens by kind of text",
        *(_Column("kind", True), _Column("tokens"), _Column("share")),
        *(_Column("trained"), _Column("share of trained")),
    )
    for kind in total.kinds:
        _row(
            table,
            kind.kind,
            f"{kind.tokens:,}",
            _percent(kind.share),
            f"{kind.trained_tokens:,}",
            _percent(kind.trained_share),
        )
    return table


def _contexts(total: Figures) -> Table:
    table = _table(
        "What fits into a context",
        *(_Column("context"), _Column("rows that fit"), _Column("share")),
        *(_Column("tokens past it"), _Column("share of tokens")),
    )
    for context in total.contexts:
        _row(
            table,
            f"{context.length // 1024}k",
            f"{context.rows:,}",
            _percent(context.rows_share),
            f"{context.cut_tokens:,}",
            _percent(context.cut_share),
        )
    return table


def _per_row(total: Figures) -> Table:
    table = _table("Tools and calls per row", _Column("", True), *_SPREAD)
    for name, spread in (
        ("tools", total.tools_per_row),
        ("calls", total.calls_per_row),
        ("tokens of the tool section", total.tool_section),
        ("% of the row", total.tool_share),
    ):
        _row(table, name, *_spread(spread))
    return table


def _tools(total: Figures) -> Table:
    hidden = total.tool_names - len(total.top_tools)
    title = f"Most called tools ({hidden:,} more)" if hidden else "Tools called"
    table = _table(title, _Column("tool", True), _Column("calls"), _Column("share"))
    for tool in total.top_tools:
        _row(table, tool.name, f"{tool.calls:,}", _percent(tool.share))
    return table


def _sections(total: Figures) -> Table:
    table = _table(
        "Share of a context that the mean tool section takes",
        *(_Column(f"{context.length // 1024}k") for context in total.contexts),
    )
    _row(table, *(_percent(context.tools_share) for context in total.contexts))
    return table


def _costs(total: Figures) -> Table:
    table = _table(
        "Most expensive tools, by the tokens of their schemas as JSON",
        *(_Column("tool", True), _Column("offers"), _Column("calls"), _Column("tokens")),
        *(_Column("each"), _Column("share")),
    )
    for tool in total.costly_tools:
        _row(
            table,
            tool.name,
            f"{tool.offers:,}",
            f"{tool.calls:,}",
            f"{tool.tokens:,}",
            f"{tool.tokens / tool.offers:,.0f}",
            _percent(tool.tokens_share),
        )
    return table


def _change(total: Figures, change: ToolChange) -> Table:
    table = _table("Tools before and after", _Column("", True), _Column("before"), _Column("after"))
    fit = change.rows - change.over_context_before, change.rows - change.over_context_after
    for name, before, after in (
        ("tools on offer", change.offers_before, change.offers_after),
        ("tokens of tool sections", change.tokens_before, change.tokens_after),
        (f"rows that fit {change.context // 1024}k", fit[0], fit[1]),
    ):
        _row(table, name, f"{before:,}", f"{after:,}")
    _row(table, f"conversations: {_counts({**change.conversations, **change.notes})}", "", "")
    if change.irrelevant:
        made = _counts({**change.irrelevant, "rows": total.flow.augmented})
        _row(table, f"without the needed tool: {made}", "", "")
    return table


def _spread(spread: Distribution | None) -> tuple[str, ...]:
    if spread is None:
        return (_NONE,) * len(_SPREAD)
    values = (spread.p50, spread.p90, spread.p99, spread.max)
    return f"{spread.mean:,.1f}", *(f"{value:,}" for value in values)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.items()) or _NONE


def _table(title: str, *columns: _Column) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            column.heading,
            justify="left" if column.wide else "right",
            # A name may go over several lines; of a number, no digit may seem to be missing.
            overflow="fold" if column.wide else "ellipsis",
            no_wrap=not column.wide,
        )
    return table


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(Text(cell) for cell in cells))
