"""Records of which some are conversations by themselves and others make one together."""

from __future__ import annotations

from pathlib import Path

from agentdata.intake import plan_tasks, read_rows
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
