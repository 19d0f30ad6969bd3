"""Whatever a file holds: no traceback, and every row is written or rejected with its reason."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from mutations import mutated

from agentdata.assets import tokenizer_dir
from agentdata.errors import RowError
from agentdata.formats import FORMATS
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.sources import BadRow, RawRow, expand, plan, read_unit

GOLDEN = Path(__file__).parents[1] / "formats" / "golden"
LINES = 20_000
REAL_LINES = 3_000


def golden_records(name: str) -> list[Any]:
    """Raw records of a format, as they stand in a file."""
    rows = [
        json.loads(path.read_text(encoding="utf-8"))["row"]
        for path in sorted((GOLDEN / name).glob("*.json"))
    ]
    if FORMATS[name].session is not None:
        return [record for row in rows for record in row.get("records", [row])]
    return rows


def compiled(tmp_path: Path, format_: str, lines: list[bytes]) -> tuple[Any, list[dict[str, Any]]]:
    source = tmp_path / f"{format_}.jsonl"
    source.write_bytes(b"".join(lines))
    out = tmp_path / format_
    recipe = make_recipe(
        {
            "sources": [str(source)],
            "format": format_,
            "tokenizer": str(tokenizer_dir()),
            "template": "chatml",
            "workers": 1,
        }
    )
    manifest = compile_recipe(recipe, out)
    (counts,) = manifest.sources
    rejects = [json.loads(line) for line in (out / "rejects.jsonl").read_bytes().splitlines()]
    return counts, rejects


def check_accounts(counts: Any, rejects: list[dict[str, Any]], lines: list[bytes]) -> None:
    filtered = sum(counts.filtered.values())
    assert counts.read == counts.written + counts.rejected + filtered + counts.merged
    blank = sum(not line.strip(b"\xef\xbb\xbf \t\r\n") for line in lines)
    assert counts.read >= len(lines) - blank
    assert len(rejects) == counts.rejected == sum(counts.rejects.values())
    for reject in rejects:
        assert reject["reason"], reject
        assert reject["message"], reject
        assert 1 <= reject["line"] <= len(lines), reject
        assert reject["pointer"] == "" or reject["pointer"].startswith("/"), reject


@pytest.mark.parametrize("format_", FORMATS)
def test_every_mutated_golden_row_is_written_or_rejected_with_a_reason(
    tmp_path: Path, format_: str
) -> None:
    rng = random.Random(f"golden {format_}")
    records = golden_records(format_)
    lines = [
        mutated(records[number % len(records)], rng) for number in range(-(-LINES // len(FORMATS)))
    ]
    counts, rejects = compiled(tmp_path, format_, lines)
    check_accounts(counts, rejects, lines)
    assert counts.written, "some mutations leave the row as good as before"
    assert counts.rejected


@pytest.mark.parity
def test_every_mutated_real_row_is_written_or_rejected_with_a_reason(
    tmp_path: Path, shared: Path
) -> None:
    rng = random.Random("real")
    sample: list[Any] = []
    for path in expand([str(shared / "data")]):
        for number, row in enumerate(row for unit in plan([path]) for row in read_unit(unit)):
            if isinstance(row, RawRow) and len(json.dumps(row.value)) < 20_000:
                sample.append(row.value)
            if number == 10:
                break
    for format_ in ("openai", "sharegpt", "swift"):
        lines = [mutated(rng.choice(sample), rng) for _ in range(REAL_LINES // 3)]
        counts, rejects = compiled(tmp_path, format_, lines)
        check_accounts(counts, rejects, lines)


@pytest.mark.parametrize("format_", FORMATS)
def test_detection_and_reading_of_any_value_never_fail_otherwise(format_: str) -> None:
    rng = random.Random(f"values {format_}")
    records = golden_records(format_)
    for number in range(500):
        try:
            value = json.loads(mutated(records[number % len(records)], rng))
        except (ValueError, RecursionError):
            continue
        if not isinstance(value, dict):
            continue
        for other in FORMATS.values():
            other.detect(value)
        try:
            FORMATS[format_].read(value)
        except RowError as error:
            assert error.code and error.message


def test_a_row_of_100_mb_is_one_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = b'{"messages": [{"role": "user", "content": "a"}]}\n'
    with path.open("wb") as file:
        file.write(good + b'{"messages": [{"role": "user", "content": "')
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b'"}]}\n' + good)
    rows = [row for unit in plan([path]) for row in read_unit(unit)]
    assert [row.code if isinstance(row, BadRow) else row.line for row in rows] == [
        1,
        "line_too_long",
        3,
    ]
