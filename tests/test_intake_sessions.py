"""Records of which some are conversations by themselves and others make one together."""

from __future__ import annotations

from pathlib import Path

from agentdata.intake import plan_tasks, read_conversation, read_rows
from agentdata.json_text import dumps
from agentdata.sources import RawRow

ROW = '{"messages": [{"role": "user", "content": "a"}]}\n'
TURN = '{"role": "user", "content": "a"}\n'


def read(tmp_path: Path, text: str) -> list[tuple[int, int, bool]]:
    """(line, records, whether it can be read) of each row."""
    path = tmp_path / "a.jsonl"
    path.write_text(text, encoding="utf-8")
    rows = [row for task in plan_tasks([str(path)], "mini_swe_agent") for row in read_rows(task)]
    return [(row.line, row.records, isinstance(row, RawRow)) for row in rows]


def test_a_row_by_itself_is_one_row_and_turns_in_a_row_are_one(tmp_path: Path) -> None:
    found = read(tmp_path, ROW + ROW + TURN + TURN + ROW + TURN)
    assert found == [(1, 1, True), (2, 1, True), (3, 2, True), (5, 1, True), (6, 1, True)]


def test_a_bad_line_spoils_the_turns_around_it_and_no_row_by_itself(tmp_path: Path) -> None:
    found = read(tmp_path, ROW + "{\n" + ROW + TURN + "{\n" + TURN)
    assert found == [(1, 1, True), (2, 1, False), (3, 1, True), (5, 3, False)]


def test_rows_of_one_record_have_ids_of_their_own(tmp_path: Path) -> None:
    chains = [[{"role": "user", "content": text}] for text in "ab"]
    tree = {"answer_generation": {"train_messages": chains, "function": []}}
    whole = {"answer_generation": {"train_messages": chains[:1], "function": []}}
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(dumps, (tree, whole))), encoding="utf-8")
    ids = [
        read_conversation(row, task).id
        for task in plan_tasks([str(path)])
        for row in read_rows(task)
    ]
    prefix = "a.jsonl:1/answer_generation/train_messages"
    assert ids == [f"{prefix}/0", f"{prefix}/1", "a.jsonl:2"]
