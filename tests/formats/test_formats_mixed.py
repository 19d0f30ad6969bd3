"""Files and folders that mix formats: what is read, and what is said of the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentdata.errors import AgentDataError, RowError
from agentdata.formats import detect
from agentdata.intake import plan_tasks, read_conversation, read_rows

OPENAI = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
SHARE = {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}
GLAIVE = {"system": "", "chat": "USER: q\n\n\nASSISTANT: a <|endoftext|>"}
XLAM = {"query": "q", "tools": "[]", "answers": "[]"}
JUNK = {"x": 1}


def write(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([OPENAI, SHARE], "of the first 2 rows 1 are openai, others sharegpt"),
        ([XLAM, OPENAI] * 3, "of the first 6 rows 3 are openai, others xlam"),
        ([GLAIVE] * 9 + [XLAM], "of the first 10 rows 1 are xlam, others glaive"),
    ],
)
def test_a_file_of_mixed_formats_is_refused_in_one_line(
    tmp_path: Path, rows: list[dict[str, Any]], said: str
) -> None:
    source = write(tmp_path / "rows.jsonl", *rows)
    with pytest.raises(AgentDataError) as caught:
        plan_tasks([source])
    assert caught.value.code == "mixed_formats"
    assert source in str(caught.value) and said in str(caught.value)
    assert "--format " in caught.value.remedy
    assert "\n" not in str(caught.value)


def test_with_a_format_named_the_rows_of_others_are_rejected_by_name(tmp_path: Path) -> None:
    (task,) = plan_tasks([write(tmp_path / "rows.jsonl", XLAM, GLAIVE, XLAM)], "glaive")
    outcomes = []
    for row in read_rows(task):
        try:
            outcomes.append(read_conversation(row, task).messages[0].text)
        except RowError as error:
            outcomes.append(f"{error.code}: {error.message}")
    other = "other_format: the row has the format xlam, and is read as glaive"
    assert outcomes == [other, "q", other]


def test_a_stray_row_is_rejected_alone(tmp_path: Path) -> None:
    rows = [*[GLAIVE] * 20, XLAM, *[GLAIVE] * 20]
    (task,) = plan_tasks([write(tmp_path / "rows.jsonl", *rows)])
    assert task.format == "glaive"
    codes = []
    for row in read_rows(task):
        try:
            read_conversation(row, task)
        except RowError as error:
            codes.append((row.line, error.code))
    assert codes == [(21, "other_format")]


def test_rows_of_no_format_do_not_make_a_file_mixed() -> None:
    assert detect([GLAIVE, JUNK, JUNK, JUNK]) == "glaive"


@pytest.mark.parametrize("pattern", ["", "*.jsonl"])
def test_a_folder_or_a_glob_may_mix_formats_file_by_file(tmp_path: Path, pattern: str) -> None:
    for name, row in (("a", OPENAI), ("b", SHARE), ("c", GLAIVE), ("d", XLAM)):
        write(tmp_path / f"{name}.jsonl", row)
    tasks = plan_tasks([str(tmp_path / pattern) if pattern else str(tmp_path)])
    assert [task.format for task in tasks] == ["openai", "sharegpt", "glaive", "xlam"]


def test_a_mixed_file_among_others_is_rejected_with_what_it_mixes(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", OPENAI)
    write(tmp_path / "b.jsonl", GLAIVE, XLAM)
    tasks = plan_tasks([str(tmp_path)])
    assert [task.format for task in tasks] == ["openai", "unknown"]
    for row in read_rows(tasks[1]):
        with pytest.raises(RowError, match="of the first 2 rows 1 are xlam, others glaive"):
            read_conversation(row, tasks[1])
