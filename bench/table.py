"""The results as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def table(results: dict[str, Any]) -> str:
    """docs/performance.md; all of it is made from `results`."""
    machine = results["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    how = "a quick run: too few rows for a fair comparison" if results["quick"] else "the full run"
    return "\n".join(
        [
            "# Performance",
            "",
            f"`make bench` writes this page. {results['date']}, {how}, medians of {results['runs']} "
            f"paired runs; {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB; "
            f"Python {machine['python']}, {versions}. Ratios above 1: compile is faster.",
            "",
            "## Beside bare `tokenizers.encode_batch`",
            "",
            "From files to finished shards, beside encoding the rendered texts and nothing else.",
            "",
            *_rows(
                ("rows", "threads", "tokens", "tokens/s", "ratio, clock", "ratio, CPU", "loaded"),
                (
                    (
                        run["rows"],
                        run["threads"],
                        f"{run['tokens']:,}",
                        f"{run['compile_tokens_per_second']:,.0f}",
                        f"{run['ratio_by_clock']:.2f}",
                        f"{run['ratio_by_cpu']:.2f}",
                        f"{run['ratio_by_cpu_once_loaded']:.2f}",
                    )
                    for run in results["speed"]
                ),
            ),
            "",
            "`loaded`: by CPU time, without loading the tokenizer.",
            "",
            "## Beside other libraries",
            "",
            "The same messages and tokenizer, ChatML, one thread. Compile counts loading and writing.",
            "",
            *_rows(("library", "tokens", "ours", "ratio, CPU", "ratio, clock"), _peers(results)),
            "",
            "## Cost against size",
            "",
            *_rows(
                (
                    "rows",
                    "workers",
                    "tokens",
                    "CPU ns/token",
                    "ns/token",
                    "peak MiB, all processes",
                ),
                (
                    (
                        f"{run['rows']:,}",
                        run["workers"],
                        f"{run['tokens']:,}",
                        f"{run['cpu_ns_per_token']:.0f}",
                        f"{run['ns_per_token']:.0f}",
                        f"{run['peak_bytes'] / (1 << 20):,.0f}",
                    )
                    for run in results["sizes"]
                ),
            ),
            "",
            "## Packing",
            "",
            f"Packs of 8,192 from rows with a median of 900 tokens are "
            f"{results['packing']['fill']:.3%} full; "
            f"{results['packing']['tokens_per_cpu_second'] / 1e6:,.0f} M tokens/s per core.",
            "",
            "## Reading an epoch back, shuffled",
            "",
            f"M tokens/s per core; {results['reading']['tokens'] / 1e6:,.0f} M tokens, "
            f"a cache of {results['reading']['cache_bytes'] >> 20} MiB.",
            "",
            *_rows(
                ("container", "`ShardSampler`", "with two `columns`", "random rows"),
                (
                    (
                        container,
                        *(
                            f"{results['reading'][container][name] / 1e6:,.1f}"
                            for name in ("all columns", "ids and weights", "random rows")
                        ),
                    )
                    for container in ("arrow", "parquet")
                ),
            ),
            "",
            "Rows of Arrow shards are views of the mapped file in any order. A random row of a Parquet",
            "shard costs the decoding of its row group: compile with `--container arrow` for random",
            "access, or read Parquet in the order of an `agentdata.ShardSampler`.",
            "",
        ]
    )


def _peers(results: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    for peer in results["peers"]:
        if "skipped" in peer:
            yield peer["peer"], f"skipped: {peer['skipped']}", "", "", ""
            continue
        yield (
            ", ".join(f"{name} {number}" for name, number in peer["versions"].items()),
            f"{peer['tokens']:,}",
            f"{peer['our_tokens']:,}",
            f"{peer['ratio_by_cpu']:.1f}",
            f"{peer['ratio_by_clock']:.1f}",
        )


def _rows(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]
