"""`agentdata eval`: the table says what --json says, and faults are one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentdata import cli

TEXT = '<tool_call>\n{"name": "clock", "arguments": {"zone": "[UTC]"}}\n</tool_call>'


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    call = {"function": {"name": "clock", "arguments": {"zone": "[CET]"}}}
    turns = [
        {"role": "user", "content": "The time?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
    ]
    reference, predictions = tmp_path / "val.jsonl", tmp_path / "out.jsonl"
    rows = [{"id": "a", "messages": turns}, {"id": "b", "messages": turns}]
    reference.write_text("".join(json.dumps(row) + "\n" for row in rows))
    predictions.write_text(json.dumps({"id": "a", "text": TEXT}) + "\n[]\n")
    return str(reference), str(predictions)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setattr("sys.argv", ["agentdata", "eval", *arguments])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    return exit_.value.code


def test_the_tables_and_the_json_say_the_same(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["-r", files[0], "-p", files[1], "--template", "qwen3"]
    assert run(monkeypatch, *options) == 0
    shown = capsys.readouterr().out
    assert "1 of 2 predictions scored against 2 turns" in shown
    assert "1 turns without a prediction, not counted" in shown
    assert '-   zone: "[CET]"\n+   zone: "[UTC]"' in shown
    row = next(line for line in shown.splitlines() if "argument_f1" in line and "50.0" in line)
    assert "50.0 to 50.0" in row
    assert run(monkeypatch, *options, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["figures"]["argument_f1"] == {"value": 0.5, "of": 1, "low": 0.5, "high": 0.5}
    assert report["figures"]["name"]["value"] == 1
    assert report["scored"] + sum(report["unread"].values()) == report["predictions"] == 2


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (["--template", "nothing"], 2, "unknown_agent_template"),
        ([], 2, "without --template"),
        (["--compare", "exactly"], 2, "--compare"),
        (["--reference", "none.jsonl"], 2, "none.jsonl"),
    ],
)
def test_a_fault_is_one_line(
    files: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    code: int,
    says: str,
) -> None:
    assert run(monkeypatch, "-r", files[0], "-p", files[1], *more) == code
    assert says in capsys.readouterr().err
