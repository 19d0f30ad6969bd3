"""The results as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from spread import Spread

MEBI = 1 << 20
Cells = tuple[Any, ...]


def table(results: dict[str, Any]) -> str:
    """docs/performance.md; all of it is made from `results`."""
    parts = (_head, _speed, _comparison, _sizes, _packing, _reading)
    return "\n\n".join("\n".join(part(results)) for part in parts) + "\n"


def _head(results: dict[str, Any]) -> Iterator[str]:
    machine = results["machine"]
    quick = " A quick run: too few rows and runs for a fair comparison." if results["quick"] else ""
    yield "# Performance"
    yield ""
    yield (
        f"Written by `make bench` on {results['date']}; {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB; Python {machine['python']}, {_versions(machine)}.{quick}"
    )
    yield ""
    yield (
        "Figures are medians, in brackets the lowest and the highest of the runs. What is compared "
        "takes turns on the same machine; a ratio is that of one turn, and above 1 compile is faster."
    )


def _speed(results: dict[str, Any]) -> Iterator[str]:
    runs = [run for run in results["speed"] if "skipped" not in run]
    yield "## Beside bare `tokenizers.encode_batch`"
    yield ""
    yield (
        "Compile from files to finished shards (reading, rendering, weights, tokens, writing), beside "
        "nothing but encoding the rendered texts. The number of tokens is the same, or the bench ends. "
        f"Runs: {runs[0]['ratio_by_cpu']['runs']}."
    )
    yield ""
    yield from _rows(
        (
            *("rows", "tokenizer", "template", "threads", "tokens", "tokens/s"),
            *("ratio, CPU", "ratio, clock", "ratio, CPU, tokenizer loaded"),
        ),
        (
            (
                *(run["rows"], run["tokenizer"], run["template"], run["threads"]),
                f"{run['tokens']:,}",
                _number(run["compile_tokens_per_second"], ",.0f"),
                _number(run["ratio_by_cpu"]),
                _number(run["ratio_by_clock"]),
                _number(run["ratio_by_cpu_once_loaded"]),
            )
            for run in runs
        ),
    )
    for run in results["speed"]:
        if "skipped" in run:
            yield f"\nNot measured: {run['rows']}, {run['template']}: {run['skipped']}."


def _comparison(results: dict[str, Any]) -> Iterator[str]:
    figures = results["comparison"]
    ours = figures["cpu_tokens_per_second"]
    yield "## Beside other libraries"
    yield ""
    yield (
        f"One whole job on one core: from a file of {figures['rows']:,} rows of messages and the "
        f"tokenizer {figures['tokenizer']} on disk to ids and labels on disk, in ChatML; importing the "
        "library and a first job on 8 rows are not counted. TRL: the preprocessing of its `SFTTrainer` "
        "with `assistant_only_loss`, through a Jinja template. ms-swift: `load_dataset` and its "
        "`EncodePreprocessor`. LLaMA-Factory: `get_dataset`. Each in an environment of its own."
    )
    yield ""
    yield (
        f"agentdata {figures['versions']['agentdata']}: {figures['tokens']:,} tokens, "
        f"{_number(ours['chatml'], ',.0f')} tokens per second of processor time with the template "
        f"built in, {_number(ours['jinja'], ',.0f')} through TRL's Jinja template. "
        f"Runs: {ours['chatml']['runs']}."
    )
    yield ""
    yield from _rows(
        (
            *("library", "tokens", "the same ids", "the same trained tokens", "tokens/CPU s"),
            *("ratio, CPU", "ratio, clock", "ratio, CPU, ours by Jinja"),
        ),
        (
            (
                _versions(peer),
                f"{peer['tokens']:,}",
                f"{peer['rows_with_our_ids']:,} of {peer['rows']:,} rows",
                f"{peer['rows_with_our_trained_tokens']:,} of {peer['rows']:,} rows",
                _number(peer["cpu_tokens_per_second"], ",.0f"),
                _number(peer["ratio_cpu_chatml"], ".1f"),
                _number(peer["ratio_clock_chatml"], ".1f"),
                _number(peer["ratio_cpu_jinja"], ".1f"),
            )
            for peer in figures["peers"]
        ),
    )
    for name, reason in figures["skipped"].items():
        yield f"\nNot measured: {name} {reason}"


def _sizes(results: dict[str, Any]) -> Iterator[str]:
    yield "## Cost against size"
    yield ""
    yield "The whole command, from its start to its end; memory is that of all its processes."
    yield ""
    yield from _rows(
        ("rows", "workers", "tokens", "CPU ns/token", "ns/token", "peak MiB", "runs"),
        (
            (
                f"{run['rows']:,}",
                run["workers"],
                f"{run['tokens']:,}",
                _number(run["cpu_ns_per_token"], ",.0f"),
                _number(run["ns_per_token"], ",.0f"),
                _number(run["peak_bytes"], ",.0f", MEBI),
                run["peak_bytes"]["runs"],
            )
            for run in results["sizes"]
        ),
    )


def _packing(results: dict[str, Any]) -> Iterator[str]:
    figures = results["packing"]
    yield "## Packing"
    yield ""
    yield (
        f"Packs of {figures['capacity']:,} from rows with a median of {figures['median_tokens']} tokens "
        f"are {_number(figures['fill'], '.2%')} full; {_number(figures['tokens_per_cpu_second'], ',.0f', 1e6)} "
        "M tokens/s per core."
    )


def _reading(results: dict[str, Any]) -> Iterator[str]:
    figures = results["reading"]
    ways = ("all columns", "ids and weights", "random rows")
    yield "## Reading an epoch back, shuffled"
    yield ""
    yield (
        f"M tokens/s per core; {figures['tokens'] / 1e6:,.0f} M tokens, "
        f"a cache of {figures['cache_bytes'] // MEBI} MiB."
    )
    yield ""
    yield from _rows(
        ("container", "`ShardSampler`", "with two `columns`", "random rows"),
        (
            (name, *(_number(figures[name][way], ",.1f", 1e6) for way in ways))
            for name in ("arrow", "parquet")
        ),
    )
    yield ""
    yield "Rows of Arrow shards are views of the mapped file in any order. A random row of a Parquet"
    yield "shard costs the decoding of its row group: compile with `--container arrow` for random"
    yield "access, or read Parquet in the order of an `agentdata.ShardSampler`."


def _number(figure: Spread, form: str = ".2f", unit: float = 1) -> str:
    middle, low, high = (figure["median"] / unit, figure["low"] / unit, figure["high"] / unit)
    alone = figure["runs"] == 1
    return f"{middle:{form}}" + ("" if alone else f" ({low:{form}}–{high:{form}})")


def _versions(figures: dict[str, Any]) -> str:
    return ", ".join(f"{name} {number}" for name, number in figures["versions"].items())


def _rows(head: tuple[str, ...], rows: Iterable[Cells]) -> Iterator[str]:
    for line in (head, ("---",) * len(head), *rows):
        yield "| " + " | ".join(str(cell) for cell in line) + " |"
