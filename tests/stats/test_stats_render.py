"""The tables of a report, as people see them."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from rich.console import Console

from agentdata.shards.manifest import Manifest, Shard, SourceCounts, Tally
from agentdata.stats import Report, manifest_report, sources_report
from agentdata.stats.render import SOURCES_SHOWN, tables


def shown(report: Report, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    for table in tables(report):
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    return "\n".join(" ".join(line.split()) for line in lines)


def source(name: str, **counts: object) -> SourceCounts:
    tally = Tally(
        rows=2,
        tokens=7000,
        trained_tokens=700,
        weight_sum=1050.0,
        trained_turns=4,
        stop_weighted_turns=3,
        lengths=Counter({3000: 1, 4000: 1}),
        kinds=Counter(tools=6300, content=700),
        trained_kinds=Counter(content=700),
        tools_per_row=Counter({2: 2}),
        calls_per_row=Counter({1: 1, 2: 1}),
        tool_calls=Counter(search=3),
    )
    values = {"read": 3, "written": 2, "rejected": 1, "rejects": Counter(bad_json=1)}
    return SourceCounts.model_validate({"source": name, "tally": tally, **values, **counts})


@pytest.mark.parametrize(
    "line",
    [
        "a.jsonl 3 2 0 0 1 bad_json 1",
        "a.jsonl 7,000 700 10.0 % 1,050.0 0 75.0 %",
        "a.jsonl 2 3,500.0 3,000 4,000 4,000 4,000",
        "tools 6,300 90.0 % 0 0.0 %",
        "content 700 10.0 % 700 100.0 %",
        "2k 0 0.0 % 2,904 41.5 %",
        "4k 2 100.0 % 0 0.0 %",
        "calls 1.5 1 2 2 2",
        "search 3 100.0 %",
    ],
)
def test_numbers_stand_in_their_tables(line: str) -> None:
    assert line in shown(sources_report([source("a.jsonl")])).splitlines()


def test_one_source_needs_no_total() -> None:
    assert "total" not in shown(sources_report([source("a.jsonl")])).split()


def test_several_sources_have_a_total() -> None:
    text = shown(sources_report([source("a.jsonl"), source("b.jsonl")]))
    assert "total 6 4 0 0 2 bad_json 2" in text.splitlines()


def test_many_sources_are_cut_short() -> None:
    text = shown(sources_report([source(f"{n}.jsonl") for n in range(SOURCES_SHOWN + 5)]))
    assert f"{SOURCES_SHOWN - 1}.jsonl" in text
    assert f"{SOURCES_SHOWN}.jsonl" not in text
    assert "5 more sources" in text


def test_a_source_of_rejects_alone_shows_no_empty_tables() -> None:
    counts = SourceCounts(source="a.jsonl", read=1, rejected=1, rejects=Counter(bad_json=1))
    text = shown(sources_report([counts]))
    assert "a.jsonl 1 0 0 0 1 bad_json 1" in text
    assert "context" not in text


def test_names_from_data_are_no_markup() -> None:
    text = shown(sources_report([source("[red]x[/].jsonl")]))
    assert "[red]x[/].jsonl" in text


def test_large_numbers_are_whole_on_a_narrow_terminal() -> None:
    counts = source("a-rather-long-name-of-a-file.jsonl" * 3)
    tally = counts.tally
    tally.tokens, tally.trained_tokens, tally.weight_sum = 2_345_678_901, 234_567_890, 345_678_901.5
    text = shown(sources_report([counts]), width=80)
    assert "…" not in text
    assert "2,345,678,901 234,567,890 10.0 % 345,678,901.5 0 75.0 %" in text


@pytest.mark.parametrize(("packed", "heading"), [(False, "rows"), (True, "packs")])
def test_shards_stand_by_split(packed: bool, heading: str) -> None:
    shard = Shard(
        path="data/x.parquet",
        split="validation",
        rows=5,
        tokens=100,
        trained_tokens=40,
        weight_sum=40.0,
        bytes=2_500_000,
        sha256="",
    )
    train = shard.model_copy(update={"split": "train"})
    manifest = Manifest(
        version="0",
        recipe={},
        fingerprints={},
        container="parquet",
        packed=packed,
        vocab_size=10,
        shards=[shard, train, train],
        sources=[source("a.jsonl")],
    )
    lines = shown(manifest_report(manifest)).splitlines()
    at = lines.index(f"split files {heading} tokens trained weight sum MB")
    assert lines[at + 2 : at + 4] == [
        "train 2 10 200 80 80.0 5.00",
        "validation 1 5 100 40 40.0 2.50",
    ]
