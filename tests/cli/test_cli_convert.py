"""`agentdata convert`: what is written, what is counted, and what cannot be said."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agentdata.assets import sample_dir
from agentdata.cli.convert import command
from agentdata.convert import TARGETS, convert, rejects_path
from agentdata.errors import UsageError
from agentdata.formats import get
from agentdata.formats.common.differences import losses

TOOL = {"name": "clock", "description": "", "parameters": {"type": "object", "x-note": "kept"}}
SHAREGPT = {
    "id": "a",
    "tools": json.dumps([TOOL]),
    "conversations": [
        {"from": "human", "value": "When?"},
        {"from": "function_call", "value": '{"name": "clock", "arguments": {"zone": 1}}'},
        {"from": "observation", "value": "noon"},
        {"from": "gpt", "value": "<think>\neasy\n</think>\n\nNoon."},
    ],
}


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments], standalone_mode=False)


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


EXPECTED = {
    "openai": [
        {"role": "user", "content": "When?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "type": "function",
                    "function": {"name": "clock", "arguments": '{"zone": 1}'},
                }
            ],
        },
        {"role": "tool", "content": "noon"},
        {"role": "assistant", "content": "Noon.", "reasoning_content": "easy"},
    ],
    "swift": [
        {"role": "user", "content": "When?"},
        {"role": "tool_call", "content": '{"name": "clock", "arguments": {"zone": 1}}'},
        {"role": "tool_response", "content": "noon"},
        {"role": "assistant", "content": "<think>\neasy\n</think>\n\nNoon."},
    ],
    "sharegpt": SHAREGPT["conversations"],
}


@pytest.mark.parametrize("to", EXPECTED)
def test_the_three_forms(tmp_path: Path, to: str) -> None:
    source = write(tmp_path / "in.jsonl", SHAREGPT)
    out = tmp_path / "out.jsonl"
    assert run(source, "--to", to, "--out", out).exception is None
    (row,) = lines(out)
    assert row["messages" if "messages" in row else "conversations"] == EXPECTED[to]
    tools = row["tools"]
    assert (json.loads(tools) if isinstance(tools, str) else tools) == [TOOL]
    assert not rejects_path(out).exists()


def test_every_target_is_shown() -> None:
    assert set(TARGETS) == set(EXPECTED)


@pytest.mark.parametrize("to", TARGETS)
def test_the_bundled_sample_keeps_its_words_in_every_form(tmp_path: Path, to: str) -> None:
    files = convert([str(sample_dir())], to, tmp_path / "out.jsonl")
    assert files
    for file in files:
        assert file.read == file.written + file.rejected + file.merged
    total = sum(file.written for file in files)
    assert total == len((tmp_path / "out.jsonl").read_text().splitlines()) > 0


def test_what_cannot_be_said_is_rejected_with_its_place(tmp_path: Path) -> None:
    bad = {"conversations": [{"from": "pilot", "value": "x"}, {"from": "human", "value": "y"}]}
    source = write(tmp_path / "in.jsonl", SHAREGPT, bad)
    out = tmp_path / "out.jsonl"
    result = run(source, "--to", "openai", "--out", out, "--format", "sharegpt")
    assert result.exception is None
    (reject,) = lines(rejects_path(out))
    assert (reject["line"], reject["reason"]) == (2, "unknown_role")
    assert reject["pointer"] == "/conversations/0/from"
    assert len(lines(out)) == 1


def test_what_a_form_has_no_place_for_is_counted(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": "q"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
    ]
    source = write(tmp_path / "in.jsonl", {"messages": messages})
    result = run(source, "--to", "sharegpt", "--out", tmp_path / "o.jsonl", "--json")
    (file,) = json.loads(result.output)["files"]
    assert file["warnings"] == {"call_ids_dropped": 1}


def test_packed_output_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", SHAREGPT)
    for name in ("a", "b"):
        assert (
            run(source, "--to", "openai", "--out", tmp_path / f"{name}.jsonl.gz").exception is None
        )
    one, two = ((tmp_path / f"{name}.jsonl.gz").read_bytes() for name in ("a", "b"))
    assert one == two
    assert json.loads(gzip.decompress(one))["id"] == "a"


def test_wrong_usage(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", SHAREGPT)
    for arguments, code in (
        ([source, "--to", "openai", "--out", tmp_path / "o.csv"], "bad_option"),
        ([source, "--to", "openai", "--out", source, "--overwrite"], "bad_option"),
        ([source, "--to", "openai", "--out", source], "exists"),
    ):
        error = run(*arguments).exception
        assert isinstance(error, UsageError) and error.code == code
    assert lines(source) == [SHAREGPT]


def test_losses_see_changed_words_and_name_lost_details() -> None:
    before = get("sharegpt").read(SHAREGPT)
    changed = json.loads(json.dumps(SHAREGPT))
    changed["conversations"][3]["value"] = "Midnight."
    assert losses(before, before) == []
    assert losses(before, get("sharegpt").read(changed)) is None
    without_id = get("sharegpt").read({k: v for k, v in SHAREGPT.items() if k != "id"})
    assert losses(before, without_id) == ["id_dropped"]
