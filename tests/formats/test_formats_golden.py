"""Every golden row reads as its file says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from golden_files import CASES, plain

from agentdata.formats import FORMATS, detect


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_row_reads_as_its_golden_file_says(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    before = json.dumps(case["row"])
    assert plain(FORMATS[path.parent.name].read(case["row"])) == case["conversation"], (
        "if this is right, run: python tests/formats/golden_files.py"
    )
    assert json.dumps(case["row"]) == before, "reading changed the row"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_detected_in_its_golden_rows(name: str) -> None:
    rows = [json.loads(path.read_text())["row"] for path in CASES if path.parent.name == name]
    assert rows, f"no golden case of {name}"
    assert detect(rows) == name
