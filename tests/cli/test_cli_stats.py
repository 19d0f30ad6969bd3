"""`agentdata stats`: which way it goes, what it prints, and what it refuses."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agentdata.assets import sample_dir
from agentdata.cli.stats import command
from agentdata.errors import AgentDataError, UsageError
from agentdata.shards.manifest import MANIFEST_NAME, Manifest, SourceCounts, Tally
from agentdata.stats import Report


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments], standalone_mode=False)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    counts = SourceCounts(
        source="a.jsonl",
        read=1,
        written=1,
        tally=Tally(rows=1, tokens=9, lengths=Counter({9: 1}), kinds=Counter(user=9)),
    )
    manifest = Manifest(
        version="0",
        recipe={},
        fingerprints={},
        container="parquet",
        packed=False,
        vocab_size=10,
        shards=[],
        sources=[counts],
    )
    (tmp_path / MANIFEST_NAME).write_bytes(manifest.to_json())
    return tmp_path


def test_a_compiled_directory_is_reported_from_its_manifest(directory: Path) -> None:
    result = run(directory, "--json")
    assert result.exception is None
    assert Report.model_validate_json(result.output).total.tokens == 9


def test_people_see_tables(directory: Path) -> None:
    output = run(directory).output
    assert "Tokens by kind of text" in output
    assert "a.jsonl" in output


def test_raw_sources_are_measured() -> None:
    options = ("--tokenizer", "bundled", "--template", "chatml", "--json")
    result = run(sample_dir() / "openai.jsonl", sample_dir() / "swift.jsonl", *options)
    assert result.exception is None
    report = Report.model_validate_json(result.output)
    assert [Path(figures.source).name for figures in report.sources] == [
        "openai.jsonl",
        "swift.jsonl",
    ]
    assert report.total.flow.rejects == {
        "bad_json": 1,
        "bad_tool_call": 1,
        "not_an_object": 1,
        "unknown_role": 1,
    }
    tools = next(kind for kind in report.total.kinds if kind.kind == "tools")
    assert 0.3 < tools.share < 0.8


def test_options_reach_the_measurement() -> None:
    def tokens(*options: str) -> tuple[int, int, float]:
        source = sample_dir() / "openai.jsonl"
        output = run(source, "--tokenizer", "bundled", "--json", *options).output
        total = Report.model_validate_json(output).total
        return total.rows, total.tokens, total.weight_sum

    plain = tokens()
    assert tokens("--limit", "3")[0] == 3
    assert tokens("--agent-template", "react_en")[1] != plain[1]
    assert tokens("--loss-scale", "hermes")[2] != plain[2]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["{directory}", "--tokenizer", "bundled"], "option_without_effect"),
        (["{directory}", "--agent-template", "hermes"], "option_without_effect"),
        (["{directory}", "other.jsonl"], "mixed_sources"),
        (["raw.jsonl"], "missing_tokenizer"),
        (["no-such.jsonl", "--tokenizer", "bundled"], "source_not_found"),
        (["{sample}", "--tokenizer", "bundled", "--format", "xml"], "unknown_format"),
    ],
)
def test_wrong_usage_is_named(arguments: list[str], code: str, directory: Path) -> None:
    result = run(*(a.format(directory=directory, sample=sample_dir()) for a in arguments))
    assert isinstance(result.exception, UsageError)
    assert result.exception.code == code


def test_a_damaged_manifest_is_named(directory: Path) -> None:
    (directory / MANIFEST_NAME).write_text("{}")
    error = run(directory).exception
    assert isinstance(error, AgentDataError)
    assert error.code == "bad_manifest"
