"""Figures from counts: worked examples, laws, and the same numbers from the shards themselves."""

from __future__ import annotations

from collections import Counter
from math import ceil
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.assets import sample_dir
from agentdata.pipeline import compile_recipe
from agentdata.recipe import Recipe
from agentdata.shards.manifest import (
    MANIFEST_NAME,
    Manifest,
    Shard,
    SourceCounts,
    Tally,
    load_manifest,
)
from agentdata.shards.schema import COLUMNS, IGNORE_INDEX
from agentdata.stats import Report, manifest_report, sources_report
from agentdata.stats.figures import TOP_TOOLS

WEATHER = SourceCounts(
    source="weather.jsonl",
    formats={"openai": 1},
    read=12,
    written=8,
    rejected=2,
    filtered=Counter(too_long=1, empty=0),
    merged=1,
    split_off=4,
    rejects=Counter(bad_json=1, unknown_role=1),
    warnings=Counter(call_without_result=3),
    tally=Tally(
        rows=9,
        tokens=9 * 1000 + 3000,
        trained_tokens=3000,
        weight_sum=4500.0,
        straddling_tokens=2,
        trained_turns=20,
        stop_weighted_turns=15,
        lengths=Counter({1000: 6, 1500: 2, 3000: 1}),
        kinds=Counter(content=2000, tools=8000, tool_call=2000),
        trained_kinds=Counter(content=1000, tool_call=2000),
        tools_per_row=Counter({0: 3, 2: 6}),
        calls_per_row=Counter({1: 8, 4: 1}),
        tool_calls=Counter(get_weather=9, get_time=3),
    ),
)
ORDERS = SourceCounts(source="orders.json", formats={"swift": 1}, read=1, rejected=1)


# Worked examples


def test_figures_of_one_source() -> None:
    report = sources_report([WEATHER])
    figures = report.sources[0]
    assert figures.source == "weather.jsonl"
    assert (figures.rows, figures.tokens, figures.trained_tokens) == (9, 12000, 3000)
    assert (figures.trained_share, figures.weight_sum) == (0.25, 4500.0)
    assert (figures.straddling_tokens, figures.trained_turns) == (2, 20)
    assert figures.stop_share == 0.75
    assert (figures.flow.filtered, figures.flow.split_off) == ({"too_long": 1}, 4)
    assert figures.lengths is not None
    assert figures.lengths.model_dump() == {
        "mean": 12000 / 9,
        "p50": 1000,
        "p90": 3000,
        "p99": 3000,
        "max": 3000,
    }
    assert [(kind.kind, kind.tokens, kind.trained_tokens) for kind in figures.kinds] == [
        ("tools", 8000, 0),
        ("content", 2000, 1000),
        ("tool_call", 2000, 2000),
    ]
    assert figures.kinds[0].share == pytest.approx(2 / 3)
    assert figures.kinds[2].trained_share == pytest.approx(2 / 3)
    assert figures.tools_per_row is not None
    assert (figures.tools_per_row.mean, figures.tools_per_row.p50) == (12 / 9, 2)
    assert figures.calls_per_row is not None
    assert (figures.calls_per_row.mean, figures.calls_per_row.max) == (12 / 9, 4)
    assert [(t.name, t.calls, t.share) for t in figures.top_tools] == [
        ("get_weather", 9, 0.75),
        ("get_time", 3, 0.25),
    ]


@pytest.mark.parametrize(
    ("length", "rows", "cut_tokens"),
    [
        (2048, 8, 3000 - 2048),
        (4096, 9, 0),
        (8192, 9, 0),
        (16384, 9, 0),
        (32768, 9, 0),
        (65536, 9, 0),
        (131072, 9, 0),
        (262144, 9, 0),
    ],
)
def test_contexts(length: int, rows: int, cut_tokens: int) -> None:
    contexts = {context.length: context for context in sources_report([WEATHER]).total.contexts}
    assert len(contexts) == 8
    assert (contexts[length].rows, contexts[length].rows_share) == (rows, rows / 9)
    assert (contexts[length].cut_tokens, contexts[length].cut_share) == (
        cut_tokens,
        cut_tokens / 12000,
    )


def test_a_row_exactly_as_long_as_the_context_fits() -> None:
    tally = Tally(rows=2, tokens=4097, lengths=Counter({2048: 1, 2049: 1}))
    context = sources_report([SourceCounts(source="a", tally=tally)]).total.contexts[0]
    assert (context.rows, context.cut_tokens) == (1, 1)


def test_the_total_adds_the_sources() -> None:
    report = sources_report([WEATHER, ORDERS, WEATHER])
    flow = report.total.flow
    assert [figures.source for figures in report.sources] == [
        "weather.jsonl",
        "orders.json",
        "weather.jsonl",
    ]
    assert (flow.read, flow.written, flow.rejected) == (25, 16, 5)
    assert (flow.merged, flow.split_off) == (2, 8)
    assert flow.filtered == {"too_long": 2}
    assert flow.rejects == {"bad_json": 2, "unknown_role": 2}
    assert flow.warnings == {"call_without_result": 6}
    assert report.total.formats == {"openai": 2, "swift": 1}
    assert report.total.tokens == 24000
    assert report.total.stop_share == 0.75


def test_a_source_without_rows_has_no_distributions() -> None:
    figures = sources_report([ORDERS]).sources[0]
    assert (figures.lengths, figures.tools_per_row, figures.calls_per_row) == (None, None, None)
    assert (figures.trained_share, figures.stop_share, figures.kinds) == (0.0, None, [])


def test_only_the_most_called_tools_are_named() -> None:
    tally = Tally(tool_calls=Counter({f"tool_{n:02d}": 1 + n // 2 for n in reversed(range(50))}))
    total = sources_report([SourceCounts(source="a", tally=tally)]).total
    assert total.tool_names == 50
    assert len(total.top_tools) == TOP_TOOLS
    # Equal numbers stand in the order of their names.
    assert [tool.name for tool in total.top_tools[:4]] == [
        "tool_48",
        "tool_49",
        "tool_46",
        "tool_47",
    ]


def test_a_kind_of_a_later_version_is_not_lost() -> None:
    tally = Tally(tokens=3, kinds=Counter(content=1, hologram=2))
    kinds = sources_report([SourceCounts(source="a", tally=tally)]).total.kinds
    assert [(kind.kind, kind.tokens) for kind in kinds] == [("content", 1), ("hologram", 2)]


# Laws

ROWS = st.dictionaries(
    st.sampled_from(["tools", "user", "content", "tool_call", "tool_result", "end_of_turn"]),
    st.tuples(st.integers(1, 5000), st.booleans()),
    min_size=1,
)


def counts_of(name: str, rows: list[dict[str, tuple[int, bool]]]) -> SourceCounts:
    """A source whose rows hold {kind: (tokens, trained)}."""
    tally = Tally(rows=len(rows))
    for row in rows:
        tally.lengths[sum(tokens for tokens, _ in row.values())] += 1
        for kind, (tokens, trained) in row.items():
            tally.kinds[kind] += tokens
            tally.tokens += tokens
            if trained:
                tally.trained_kinds[kind] += tokens
                tally.trained_tokens += tokens
    return SourceCounts(source=name, read=len(rows), written=len(rows), tally=tally)


SOURCES = st.lists(st.lists(ROWS, max_size=8), min_size=1, max_size=4).map(
    lambda sources: [counts_of(f"s{n}", rows) for n, rows in enumerate(sources)]
)


@given(SOURCES)
def test_sums_by_kind_equal_tokens(sources: list[SourceCounts]) -> None:
    report = sources_report(sources)
    for figures in (*report.sources, report.total):
        assert sum(kind.tokens for kind in figures.kinds) == figures.tokens
        assert sum(kind.trained_tokens for kind in figures.kinds) == figures.trained_tokens
        if figures.tokens:
            assert sum(kind.share for kind in figures.kinds) == pytest.approx(1)


@given(SOURCES)
def test_what_fits_and_what_is_cut_make_up_all_tokens(sources: list[SourceCounts]) -> None:
    total = sources_report(sources).total
    lengths = [n for counts in sources for n in counts.tally.lengths.elements()]
    for context in total.contexts:
        assert context.rows == sum(n <= context.length for n in lengths)
        assert context.cut_tokens == total.tokens - sum(min(n, context.length) for n in lengths)
    shares = [context.rows_share for context in total.contexts]
    assert shares == sorted(shares)


@given(SOURCES)
def test_counting_does_not_change_the_counts(sources: list[SourceCounts]) -> None:
    before = [counts.model_copy(deep=True) for counts in sources]
    sources_report(sources)
    assert sources == before


@given(SOURCES)
def test_json_gives_back_the_report(sources: list[SourceCounts]) -> None:
    report = sources_report(sources)
    assert Report.model_validate_json(report.to_json()) == report


# The same numbers from the shards themselves


def by_hand(directory: Path) -> Path:
    """Two sources over three shards in two splits, with rows up to 9,000 tokens."""
    random = np.random.default_rng(7)
    sources = {name: SourceCounts(source=name) for name in ("a.jsonl", "b.jsonl")}
    shards = []
    for number, split in enumerate(("train", "train", "validation")):
        rows = []
        for row in range(40):
            length = int(random.integers(2, 9000))
            ids = random.integers(0, 4096, length).astype(np.int32)
            weights = random.choice([0, 0, 0.5, 1], length).astype(np.float32)
            name = "a.jsonl" if row % 3 else "b.jsonl"
            trained = int((weights > 0).sum())
            rows.append(
                {
                    "id": f"{number}-{row}",
                    "source": name,
                    "input_ids": ids,
                    "labels": np.where(weights > 0, ids, IGNORE_INDEX).astype(np.int32),
                    "loss_weights": weights,
                    "length": length,
                    "trained_tokens": trained,
                    "weight_sum": float(weights.sum()),
                }
            )
            counts = sources[name]
            counts.read += 1
            counts.written += 1
            counts.tally.add(
                Tally(
                    rows=1,
                    tokens=length,
                    trained_tokens=trained,
                    weight_sum=float(weights.sum()),
                    lengths=Counter({length: 1}),
                )
            )
        path = directory / f"data/{split}-{number}.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=COLUMNS), path)
        shards.append(
            Shard(
                path=str(path.relative_to(directory)),
                split=split,
                rows=len(rows),
                tokens=sum(row["length"] for row in rows),
                trained_tokens=sum(row["trained_tokens"] for row in rows),
                weight_sum=sum(row["weight_sum"] for row in rows),
                bytes=path.stat().st_size,
                sha256="",
            )
        )
    manifest = Manifest(
        version="0",
        recipe={},
        fingerprints={},
        container="parquet",
        packed=False,
        vocab_size=4096,
        shards=shards,
        sources=list(sources.values()),
    )
    (directory / MANIFEST_NAME).write_bytes(manifest.to_json())
    return directory


def compiled(directory: Path) -> Path:
    """The bundled sample, compiled, with weights other than 0 and 1, and two splits."""
    recipe = Recipe(
        sources=[str(sample_dir())],
        tokenizer="bundled",
        template="chatml",
        loss_scale="react",
        split={"validation": 0.2},
    )
    compile_recipe(recipe, directory, overwrite=True)
    return directory


@pytest.fixture(scope="module", params=[by_hand, compiled])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = request.param(tmp_path_factory.mktemp("shards"))
    return made


def test_figures_equal_those_that_polars_computes_over_the_shards(directory: Path) -> None:
    report = manifest_report(load_manifest(directory))
    frame = pl.read_parquet(directory / "data" / "*.parquet")
    # From the lists, not from the columns that the writer counted.
    frame = frame.select(
        "source",
        length=pl.col("input_ids").list.len().cast(pl.Int64),
        trained=pl.col("labels").list.eval(pl.element() != IGNORE_INDEX).list.sum().cast(pl.Int64),
        weight=pl.col("loss_weights").list.eval(pl.element().cast(pl.Float64)).list.sum(),
    )
    written = [figures for figures in report.sources if figures.rows]
    assert {figures.source for figures in written} == set(frame["source"])
    for figures in (*written, report.total):
        part = frame if figures is report.total else frame.filter(source=figures.source)
        lengths = part["length"].sort()
        assert figures.rows == part.height
        assert figures.tokens == lengths.sum()
        assert figures.trained_tokens == part["trained"].sum()
        assert figures.trained_share == part["trained"].sum() / lengths.sum()
        assert figures.weight_sum == pytest.approx(part["weight"].sum(), rel=1e-6)
        assert figures.lengths is not None
        assert figures.lengths.mean == pytest.approx(lengths.mean())
        assert figures.lengths.max == lengths.max()
        for percent in (50, 90, 99):
            rank = ceil(percent * part.height / 100)
            assert getattr(figures.lengths, f"p{percent}") == lengths[rank - 1]
        for context in figures.contexts:
            assert context.rows == (lengths <= context.length).sum()
            assert context.cut_tokens == (lengths - context.length).clip(0).sum()


def test_splits_equal_those_that_polars_computes_over_the_shards(directory: Path) -> None:
    report = manifest_report(load_manifest(directory))
    assert [split.split for split in report.splits] == ["train", "validation"]
    for split in report.splits:
        files = sorted((directory / "data").glob(f"{split.split}-*.parquet"))
        frame = pl.read_parquet(files)
        assert split.shards == len(files)
        assert split.rows == frame.height
        assert split.tokens == frame["length"].sum()
        assert split.trained_tokens == frame["trained_tokens"].sum()
        assert split.weight_sum == pytest.approx(frame["weight_sum"].cast(pl.Float64).sum())
        assert split.bytes == sum(file.stat().st_size for file in files)


def test_kinds_of_the_compiled_sample_make_up_all_tokens(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    manifest = load_manifest(compiled(tmp_path_factory.mktemp("sample")))
    total = manifest_report(manifest).total
    assert sum(kind.tokens for kind in total.kinds) == total.tokens
    assert sum(kind.trained_tokens for kind in total.kinds) == total.trained_tokens
    trained = {kind.kind for kind in total.kinds if kind.trained_tokens}
    assert trained == {"reasoning", "content", "tool_call", "end_of_turn"}
    assert total.flow.read == total.flow.written + total.flow.rejected + total.flow.merged
    assert total.flow.rejected == sum(total.flow.rejects.values()) == 6
