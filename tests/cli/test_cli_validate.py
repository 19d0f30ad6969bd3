"""`agentdata validate`: what it counts, shows and exits with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agentdata.assets import sample_dir
from agentdata.cli.validate import command
from agentdata.errors import AgentDataError, UsageError
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.validate import validate

ASK = {"role": "user", "content": "q"}
ANSWER = {"role": "assistant", "content": "a"}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {"id": "1", "function": {"name": "clock", "arguments": "{}"}},
        {"id": "2", "function": {"name": "oven", "arguments": "{}"}},
    ],
}
ROWS = [
    {"messages": [ASK, ANSWER]},
    {"messages": [ASK, ASK, ANSWER]},
    {"messages": [ASK, {"role": "pilot", "content": "x"}]},
    {"messages": [ASK, CALL], "tools": [{"name": "clock", "parameters": {"type": "object"}}]},
    {"messages": [ASK, {**ANSWER, "tool_calls": 3}]},
]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments], standalone_mode=False)


def report(*arguments: str | Path) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exception is None, result.exception
    parsed = json.loads(result.output)
    assert isinstance(parsed, dict)
    return parsed


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS) + "{\n")
    return path


# (--check, ok, warned, failed, errors, warnings)
READ = {"unknown_role": 1, "wrong_type": 1, "bad_json": 1}
FOUND = {"repeated_role": 1, "unknown_tool": 1}
LEVELS = [
    ("strict", 1, 0, 5, READ | FOUND, {}),
    ("normal", 1, 2, 3, READ, FOUND),
    ("off", 3, 0, 3, READ, {}),
]


@pytest.mark.parametrize(("level", "ok", "warned", "failed", "errors", "warnings"), LEVELS)
def test_counts_at_each_level(
    source: Path,
    level: str,
    ok: int,
    warned: int,
    failed: int,
    errors: dict[str, int],
    warnings: dict[str, int],
) -> None:
    (file,) = report(source, "--check", level)["files"]
    assert (file["source"], file["format"], file["rows"]) == (str(source), "openai", 6)
    assert (file["ok"], file["warned"], file["failed"]) == (ok, warned, failed)
    assert (file["errors"], file["warnings"]) == (errors, warnings)


def test_faults_are_shown_with_line_pointer_and_what_stands_there(source: Path) -> None:
    found = report(source)
    shown = {f["code"]: (f["line"], f["pointer"], f["excerpt"]) for f in found["files"][0]["shown"]}
    assert shown == {
        "repeated_role": (2, "/messages/1", json.dumps(ASK)),
        "unknown_role": (3, "/messages/1/role", '"pilot"'),
        "unknown_tool": (4, "/messages/1/tool_calls/1", json.dumps(CALL["tool_calls"][1])),
        "wrong_type": (5, "/messages/1/tool_calls", "3"),
        "bad_json": (6, "", "{"),
    }
    assert set(found["help"]) == set(shown)


def test_show_bounds_the_faults_of_each_code(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text((json.dumps(ROWS[1]) + "\n") * 5)
    for show in (0, 2, 9):
        (file,) = report(path, "--show", str(show))["files"]
        assert [fault["line"] for fault in file["shown"]] == list(range(1, min(show, 5) + 1))
        assert file["warnings"] == {"repeated_role": 5}


def test_exit_code_is_3_where_there_are_errors(source: Path, tmp_path: Path) -> None:
    assert run(source).return_value == 3
    good = tmp_path / "good.jsonl"
    good.write_text("".join(json.dumps(row) + "\n" for row in ROWS[:2]))
    assert run(good).return_value == 0
    assert run(good, "--check", "strict").return_value == 3


def test_text_names_file_line_pointer_code_and_help(source: Path) -> None:
    output = run(source).output
    assert f"{source}, line 2, at /messages/1: warning repeated_role: two messages" in output
    assert "  help: the user, or the model without a call, speaks twice in a row" in output
    assert f"{source}, line 3, at /messages/1/role: error unknown_role" in output


def test_places_in_an_array_and_under_a_system_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    turns = [{"from": "human", "value": "q"}, {"from": "human", "value": "q"}]
    turns += [{"from": "gpt", "value": "a"}]
    path.write_text(json.dumps([{"conversations": turns, "system": "s"}]))
    (file,) = report(path)["files"]
    (fault,) = file["shown"]
    assert (fault["pointer"], fault["place"]) == ("/0/conversations/1", "/messages/2")
    assert json.loads(fault["excerpt"]) == turns[1]


def test_no_pointer_is_better_than_a_wrong_one(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    call = {"role": "tool_call", "content": '{"name": "f", "arguments": {}}'}
    # Two calls in a row are one message of the conversation.
    path.write_text(json.dumps({"messages": [ASK, call, call, ASK, ANSWER]}) + "\n")
    (file,) = report(path)["files"]
    assert {(f["code"], f["pointer"]) for f in file["shown"]} == {("call_without_result", "")}


def test_same_counts_as_a_compile(source: Path, tmp_path: Path) -> None:
    sources = [str(source), str(sample_dir())]
    for level in ("strict", "normal", "off"):
        values = {"sources": sources, "tokenizer": "bundled", "check": level}
        compiled = compile_recipe(make_recipe(values), tmp_path / level).sources
        files = validate(sources, check=level).files  # type: ignore[arg-type]
        assert [(f.source, f.rows, f.failed) for f in files] == [
            (c.source, c.read, c.rejected) for c in compiled
        ]
        if level != "strict":  # where rows without trained tokens are filtered, not warned of
            assert [f.errors for f in files] == [c.rejects for c in compiled]
            assert [f.warnings for f in files] == [c.warnings for c in compiled]


def test_wrong_usage(source: Path) -> None:
    for arguments, code in (
        ([source, "--format", "nonesuch"], "unknown_format"),
        (["nowhere.jsonl"], "source_not_found"),
    ):
        error = run(*arguments).exception
        assert isinstance(error, UsageError) and error.code == code


def test_a_file_of_no_format_fails_alone_and_is_counted_among_others(
    source: Path, tmp_path: Path
) -> None:
    strange = tmp_path / "strange.jsonl"
    strange.write_text('{"x": 1}\n{"x": 2}\n')
    error = run(strange).exception
    assert isinstance(error, AgentDataError) and error.code == "unknown_format"
    files = {f["source"]: f for f in report(source, strange)["files"]}
    assert files[str(strange)]["errors"] == {"unknown_format": 2}
