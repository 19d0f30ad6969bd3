"""Answers in files of their own: `possible_answer/NAME` beside the questions in `NAME`, by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agentdata.formats.base import Companions

FOLDER = "possible_answer"
ANSWER_KEYS = ("ground_truth", "mile_stone")


def answer_file(path: Path) -> list[Path]:
    """The file of answers to the questions in `path`, if there is one."""
    answers = path.parent / FOLDER / path.name
    return [answers] if answers.is_file() else []


def answers_by_id(files: Mapping[Path, Sequence[dict[str, Any]]]) -> dict[Any, dict[str, Any]]:
    """{id: {"ground_truth", ...}} of all files of answers."""
    return {
        str(row["id"]): {key: row[key] for key in ANSWER_KEYS if key in row}
        for path, rows in files.items()
        if path.parent.name == FOLDER
        for row in rows
        if "id" in row
    }


def with_answer(row: dict[str, Any], answers: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    """The row with the answer that has its id; what the row has itself stays."""
    return answers.get(str(row.get("id")), {}) | row


COMPANIONS = Companions(find=answer_file, index=answers_by_id, join=with_answer)
