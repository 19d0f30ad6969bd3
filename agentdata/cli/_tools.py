"""Options on tools, and what they did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click
from rich.console import Console

from agentdata.shards.manifest import SourceCounts
from agentdata.shards.tool_counts import CONTEXT_TOKENS, ToolCounts

_MOST_DROPPED = 5
_OPTIONS = (
    click.option("--max-tools", type=int, help="Tools of a row at most; called ones stay."),
    click.option(
        "--tools-budget", type=int, help="Tokens of a row's tool section at most; called ones stay."
    ),
    click.option(
        "--distractors",
        help="Of tools that a row does not call: random (default), bm25 (most like what the user "
        "asks for), none.",
    ),
    click.option(
        "--compact-tools",
        is_flag=True,
        default=None,
        help="Shorten schemas by what says nothing; the same arguments stay valid.",
    ),
    click.option(
        "--augment-irrelevant",
        type=float,
        help="Share of rows to add a row to in which the needed tool is missing, where the data "
        "carry an answer for that.",
    ),
    click.option("--seed", type=int, help="Of all draws (default 0)."),
)


def tool_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def print_tools(console: Console, sources: Sequence[SourceCounts]) -> None:
    """Print what the options on tools did to the rows of sources, if any was given."""
    found = [counts.tools for counts in sources if counts.tools is not None]
    if not found:
        return
    total = ToolCounts()
    for counts in found:
        total.add(counts)
    for line in _lines(total):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _lines(total: ToolCounts) -> Iterator[str]:
    yield (
        f"tools: {total.tools_before} to {total.tools_after} offers, tool sections "
        f"{total.section_before} to {total.section_after} tokens{_change(total)}"
    )
    notes = f"; {_listed(total.notes)}" if total.notes else ""
    yield f"tools of conversations: {_listed(total.conversations)}{notes}"
    yield (
        f"rows over {CONTEXT_TOKENS} tokens: {total.over_context_before} to "
        f"{total.over_context_after} of {total.rows}"
    )
    if total.dropped:
        most = sorted(total.dropped.items(), key=lambda item: (-item[1], item[0]))
        more = len(most) - _MOST_DROPPED
        names = _listed(Counter(dict(most[:_MOST_DROPPED])))
        yield f"dropped most often: {names}" + (f", {more} more names" if more > 0 else "")
    found = total.irrelevant
    if found:
        yield f"rows without the needed tool: {_listed(found)}"
        if not found["possible"]:
            yield (
                "no row carries an answer for the case that its tool is missing "
                "(answer_without_tool), so none was made"
            )


def _change(total: ToolCounts) -> str:
    if not total.section_before:
        return ""
    return f" ({total.section_after / total.section_before - 1:+.1%})"


def _listed(counts: Counter[str]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number}" for name, number in ordered if number)
