"""`agentdata show`: one command from data to weights, compiled or not."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from agentdata.assets import sample_dir
from agentdata.cli.show import command
from agentdata.errors import AgentDataError, UsageError
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe

REACT = str(sample_dir() / "msagent_react.jsonl")
OPENAI = str(sample_dir() / "openai.jsonl")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments], standalone_mode=False)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    recipe = {"sources": [OPENAI], "tokenizer": "bundled", "loss_scale": "hermes"}
    compile_recipe(make_recipe(recipe), tmp_path / "out")
    return tmp_path / "out"


def test_one_command_shows_that_observations_are_not_trained() -> None:
    result = run(REACT, "--loss-scale", "react", "--agent-template", "react_en")
    assert result.exception is None
    lines = result.stdout.splitlines()
    word = next(n for n, line in enumerate(lines) if line.endswith("┃Observation│:"))
    assert lines[word].split("┃")[0].split()[-1] == "2"
    assert lines[word + 1].split("┃")[0].split() == ["tool_result", "#2", "0"]
    assert "bundled tokenizer" in result.stderr
    assert "\x1b" not in result.stdout


def test_why_is_told_run_by_run() -> None:
    result = run(REACT, "--loss-scale", "react", "--agent-template", "react_en", "--explain")
    assert "react, key 'Observation:': 2" in result.stdout
    assert "not trained: given to the model" in result.stdout


def test_json_holds_tokens_and_runs(directory: Path) -> None:
    result = run(directory, "--id", "weather-lisbon", "--json")
    [row] = orjson.loads(result.stdout)["rows"]
    assert row["loss_scale"] == "hermes"
    assert "".join(token["text"] for token in row["tokens"]) == row["text"]
    call = next(t for t in row["tokens"] if t["kind"] == "tool_call")
    assert (call["weight"], call["message"]) == (2.0, 2)
    assert sum(run["end"] - run["start"] for run in row["runs"]) == len(row["tokens"])
    rules = {factor["rule"] for run in row["runs"] for factor in run["factors"]}
    assert rules == {"given", "strategy", "pattern", "no_match", "end_of_turn"}


def test_sides_are_compared(directory: Path) -> None:
    by_option = run(directory, "--id", "weather-lisbon", "--diff", "loss_scale=default", "--json")
    [row] = orjson.loads(by_option.stdout)["rows"]
    differ = [block["kind"] for block in row["blocks"] if not block["same_weights"]]
    assert differ == ["tool_call"]
    by_directory = run(OPENAI, "--diff", directory, "--loss-scale", "hermes")
    assert "nothing differs" in by_directory.stdout


def test_a_page_is_written(directory: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "page.html"
    result = run(directory, "--rows", "5", "--html", page)
    assert result.stdout == f"5 rows in {page}\n"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("variable", ["NO_COLOR", "FORCE_COLOR"])
def test_colours_are_asked_for(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    assert ("\x1b[" in run(OPENAI).stdout) == (variable == "FORCE_COLOR")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to show"),
        ([OPENAI, "--row", "1", "--id", "a"], "exclude each other"),
        ([OPENAI, "--row", "99"], "--row 99: there are 30 rows"),
        ([OPENAI, "--id", "none"], "--id none: no row has it"),
        ([OPENAI, "--split", "train"], "--split: raw sources have none"),
        ([OPENAI, "--diff", "nonsense"], "--diff nonsense: neither"),
        ([OPENAI, "--diff", "loss_scale=react", "--explain"], "--diff goes without"),
        ([OPENAI, "--loss-scale", "nonsense"], "--loss-scale: 'nonsense'"),
        (["DIR", "--loss-scale", "react"], "--loss-scale has no effect"),
        (["DIR", OPENAI], "cannot be shown with other sources"),
        (["DIR", "--split", "none"], "no split 'none'"),
        (["DIR", "--row", "99"], "has 28 rows of train"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_line(
    directory: Path, arguments: list[str], said: str
) -> None:
    result = run(*(directory if argument == "DIR" else argument for argument in arguments))
    assert isinstance(result.exception, AgentDataError | UsageError)
    assert said in str(result.exception)
