"""Counts for tests of the report page: written by hand, and with names that are hostile."""

from __future__ import annotations

from collections import Counter
from typing import Any

from agentdata.shards.manifest import SourceCounts, Tally
from agentdata.stats import Report, sources_report

ATTACK = (
    "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
)
RECIPE: dict[str, Any] = {
    "template": "qwen3",
    "agent_template": "auto",
    "tokenizer": f"models/{ATTACK}",
    "loss_scale": "hermes",
    "weights": {"tool_call": 2.0},
    "max_length": 8192,
    "overflow": "drop",
    "pack": None,
}


def source(name: str, rows: int, *, tool: str = "clock") -> SourceCounts:
    """Rows of 300, 3,000 and 30,000 tokens, one call each."""
    tokens = rows * 33_300
    return SourceCounts(
        source=name,
        formats={"openai": 1},
        read=3 * rows + 2,
        written=3 * rows,
        rejected=2,
        rejects=Counter(bad_json=2),
        warnings=Counter(call_without_result=rows),
        turns=Counter(stable=3 * rows),
        tally=Tally(
            rows=3 * rows,
            tokens=tokens,
            trained_tokens=rows * 3_300,
            weight_sum=rows * 4_000.5,
            trained_turns=3 * rows,
            stop_weighted_turns=3 * rows - 1,
            lengths=Counter({300: rows, 3_000: rows, 30_000: rows}),
            kinds=Counter(
                tools=tokens - 10_000 * rows, content=4_000 * rows, tool_call=6_000 * rows
            ),
            trained_kinds=Counter(content=1_300 * rows, tool_call=2_000 * rows),
            tools_per_row=Counter({2: 3 * rows}),
            calls_per_row=Counter({1: 3 * rows}),
            tool_calls=Counter({tool: 3 * rows}),
            whole_rows=3 * rows,
            whole_tokens=tokens,
            tools_offered=Counter({tool: 3 * rows, "unused_$x$": 3 * rows}),
            tool_tokens=Counter({tool: 120 * rows, "unused_$x$": 480 * rows}),
        ),
    )


def hostile_report() -> Report:
    """Three sources, with markup for names of a source, a tool and a tokenizer."""
    sources = [
        source("data/b.jsonl", 20),
        source(f"data/{ATTACK}.jsonl", 3, tool=ATTACK),
        source("data/a.jsonl", 100),
        SourceCounts(source="data/none.jsonl", read=1, rejected=1, rejects=Counter({ATTACK: 1})),
    ]
    return sources_report(sources, RECIPE)
