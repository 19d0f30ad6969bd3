"""From counts to figures: percentiles, shares and what fits into which context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from agentdata import __version__
from agentdata.shards.manifest import MAX_TOOL_NAMES, Manifest, Shard, SourceCounts, Tally
from agentdata.shards.tool_counts import CONTEXT_TOKENS, ToolCounts
from agentdata.stats.histogram import (
    bins,
    excess,
    histogram_rows,
    histogram_sum,
    percentile,
    rows_within,
    sum_within,
)
from agentdata.stats.report import (
    CONTEXT_LENGTHS,
    Bin,
    ContextFigures,
    Distribution,
    Figures,
    KindFigures,
    OfferFigures,
    PackFigures,
    Report,
    RowFlow,
    SplitFigures,
    ToolChange,
    ToolFigures,
)
from agentdata.templates.prompt import Kind

TOP_TOOLS = 20
TOTAL = "total"


def manifest_report(manifest: Manifest) -> Report:
    """The report of a compiled directory."""
    splits = _splits(manifest.shards)
    report = sources_report(manifest.sources, manifest.recipe)
    return report.model_copy(
        update={
            "version": manifest.version,
            "packed": manifest.packed,
            "packing": _packing(manifest, report.total.rows, splits),
            "splits": splits,
        }
    )


def sources_report(
    sources: Sequence[SourceCounts], recipe: Mapping[str, Any] | None = None
) -> Report:
    """The report of sources that were counted, each by itself and all together."""
    return Report(
        version=__version__,
        recipe=dict(recipe or {}),
        packed=False,
        packing=None,
        splits=[],
        sources=[_figures(counts) for counts in sources],
        total=_figures(_added(sources)),
    )


def _added(sources: Iterable[SourceCounts]) -> SourceCounts:
    total = SourceCounts(source=TOTAL)
    for counts in sources:
        formats = Counter(total.formats)
        formats.update(counts.formats)
        total.formats = dict(formats)
        total.read += counts.read
        total.written += counts.written
        total.rejected += counts.rejected
        total.merged += counts.merged
        total.split_off += counts.split_off
        total.augmented += counts.augmented
        if counts.tools is not None:
            total.tool_counts().add(counts.tools)
        total.filtered.update(counts.filtered)
        total.rejects.update(counts.rejects)
        total.warnings.update(counts.warnings)
        total.turns.update(counts.turns)
        total.tally.add(counts.tally)
    return total


def _figures(counts: SourceCounts) -> Figures:
    tally = counts.tally
    stop_share = tally.stop_weighted_turns / tally.trained_turns if tally.trained_turns else None
    return Figures(
        source=counts.source,
        formats=_sorted(counts.formats),
        flow=RowFlow(
            read=counts.read,
            written=counts.written,
            rejected=counts.rejected,
            rejected_share=_share(counts.rejected, counts.read),
            filtered=_sorted(counts.filtered),
            filtered_rows=counts.filtered.total(),
            merged=counts.merged,
            split_off=counts.split_off,
            augmented=counts.augmented,
            rejects=_sorted(counts.rejects),
            warnings=_sorted(counts.warnings),
            turns=_sorted(counts.turns),
        ),
        rows=tally.rows,
        tokens=tally.tokens,
        trained_tokens=tally.trained_tokens,
        trained_share=_share(tally.trained_tokens, tally.tokens),
        weight_sum=tally.weight_sum,
        straddling_tokens=tally.straddling_tokens,
        trained_turns=tally.trained_turns,
        stop_weighted_turns=tally.stop_weighted_turns,
        stop_share=stop_share,
        lengths=_distribution(tally.lengths),
        kinds=_kinds(tally),
        tool_section=_distribution(tally.tool_section),
        tool_share=_distribution(tally.tool_share),
        tools=_tool_change(counts.tools) if counts.tools is not None else None,
        tools_per_row=_distribution(tally.tools_per_row),
        calls_per_row=_distribution(tally.calls_per_row),
        tool_names=len(tally.tool_calls),
        top_tools=[_tool(tally, name) for name in list(_sorted(tally.tool_calls))[:TOP_TOOLS]],
        offered=_offered(tally),
        costly_tools=_by_tokens(tally, tally.tools_offered),
        never_called_tools=_by_tokens(tally, _never_called(tally)),
        contexts=[_context(tally, length) for length in CONTEXT_LENGTHS],
        histogram=[Bin(above=a, upto=b, rows=r, tokens=t) for a, b, r, t in bins(tally.lengths)],
        whole_rows=tally.whole_rows,
        whole_tokens=tally.whole_tokens,
        kept_share=_share(tally.tokens, tally.whole_tokens),
    )


def _tool(tally: Tally, name: str) -> ToolFigures:
    calls, tokens = tally.tool_calls[name], tally.tool_tokens[name]
    return ToolFigures(
        name=name,
        calls=calls,
        share=_share(calls, tally.tool_calls.total()),
        offers=tally.tools_offered[name],
        tokens=tokens,
        tokens_share=_share(tokens, tally.tool_tokens.total()),
    )


def _by_tokens(tally: Tally, names: Iterable[str]) -> list[ToolFigures]:
    ordered = sorted(names, key=lambda name: (-tally.tool_tokens[name], name))
    return [_tool(tally, name) for name in ordered[:TOP_TOOLS]]


def _never_called(tally: Tally) -> list[str]:
    return [name for name in tally.tools_offered if not tally.tool_calls[name]]


def _offered(tally: Tally) -> OfferFigures:
    unused, tokens = _never_called(tally), tally.tool_tokens.total()
    unused_tokens = sum(tally.tool_tokens[name] for name in unused)
    return OfferFigures(
        names=len(tally.tools_offered),
        names_limit=MAX_TOOL_NAMES,
        offers=tally.tools_offered.total() + tally.other_offers,
        other_offers=tally.other_offers,
        tokens=tokens,
        never_called=len(unused),
        never_called_tokens=unused_tokens,
        never_called_share=_share(unused_tokens, tokens),
    )


def _kinds(tally: Tally) -> list[KindFigures]:
    order = [kind.value for kind in Kind]
    names = [*order, *sorted(tally.kinds.keys() - set(order))]
    return [
        KindFigures(
            kind=name,
            tokens=tally.kinds[name],
            share=_share(tally.kinds[name], tally.tokens),
            trained_tokens=tally.trained_kinds[name],
            trained_share=_share(tally.trained_kinds[name], tally.trained_tokens),
        )
        for name in names
        if tally.kinds[name]
    ]


def _distribution(histogram: Mapping[int, int]) -> Distribution | None:
    rows = histogram_rows(histogram)
    if not rows:
        return None
    return Distribution(
        mean=histogram_sum(histogram) / rows,
        p50=percentile(histogram, 50),
        p90=percentile(histogram, 90),
        p99=percentile(histogram, 99),
        max=percentile(histogram, 100),
    )


def _tool_change(counts: ToolCounts) -> ToolChange:
    return ToolChange(
        rows=counts.rows,
        offers_before=counts.tools_before,
        offers_after=counts.tools_after,
        tokens_before=counts.section_before,
        tokens_after=counts.section_after,
        saved_share=_share(counts.section_before - counts.section_after, counts.section_before),
        context=CONTEXT_TOKENS,
        over_context_before=counts.over_context_before,
        over_context_after=counts.over_context_after,
        dropped_names=len(counts.dropped),
        dropped=dict(list(_sorted(counts.dropped).items())[:TOP_TOOLS]),
        conversations=_sorted(counts.conversations),
        notes=_sorted(counts.notes),
        irrelevant=_sorted(counts.irrelevant),
    )


def _context(tally: Tally, length: int) -> ContextFigures:
    lengths = tally.lengths
    fitting, cut = rows_within(lengths, length), excess(lengths, length)
    held = sum_within(lengths, length)
    return ContextFigures(
        length=length,
        rows=fitting,
        rows_share=_share(fitting, histogram_rows(lengths)),
        tokens=held,
        tokens_share=_share(held, histogram_sum(lengths)),
        cut_tokens=cut,
        cut_share=_share(cut, histogram_sum(lengths)),
        tools_share=_share(histogram_sum(tally.tool_section), histogram_rows(lengths) * length),
    )


def _splits(shards: Iterable[Shard]) -> list[SplitFigures]:
    splits = []
    # Sorted by name, the splits stand together; "train" comes first in any case.
    ordered = sorted(shards, key=lambda shard: (shard.split != "train", shard.split))
    for name, group in groupby(ordered, key=lambda shard: shard.split):
        members = list(group)
        splits.append(
            SplitFigures(
                split=name,
                shards=len(members),
                rows=sum(shard.rows for shard in members),
                tokens=sum(shard.tokens for shard in members),
                trained_tokens=sum(shard.trained_tokens for shard in members),
                weight_sum=sum(shard.weight_sum for shard in members),
                bytes=sum(shard.bytes for shard in members),
            )
        )
    return splits


def _packing(manifest: Manifest, rows: int, splits: Iterable[SplitFigures]) -> PackFigures | None:
    capacity = manifest.recipe.get("pack")
    if not manifest.packed or not isinstance(capacity, int):
        return None
    packs = tokens = 0
    for split in splits:
        packs += split.rows
        tokens += split.tokens
    return PackFigures(
        capacity=capacity,
        rows=rows,
        packs=packs,
        tokens=tokens,
        rows_per_pack=_share(rows, packs),
        fill_before=_share(tokens, rows * capacity),
        fill_after=_share(tokens, packs * capacity),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    """The largest first, equal ones by name; zeros are left out."""
    items = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {name: number for name, number in items if number}
