"""Every reference case of our templates: text equal, weights equal to the character."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from parity import FILES, cases, fault, main

pytestmark = pytest.mark.parity


@pytest.mark.parametrize(("name", "at_least"), [(FILES[0], 1130), (FILES[1], 972)])
def test_every_reference_case_is_equal(shared: Path, name: str, at_least: int) -> None:
    number = 0
    faults: dict[str, str] = {}
    for case in cases([shared / name]):
        number += 1
        if why := fault(case):
            faults[case["case"]] = why
    assert not faults
    assert number >= at_least


def test_a_changed_weight_is_noticed(shared: Path) -> None:
    case = next(cases([shared / FILES[0]]))
    case["weights"][-1][2] = 0.5
    assert "weight at" in (fault(case) or "")


def test_a_changed_text_is_noticed(shared: Path) -> None:
    case = next(cases([shared / FILES[0]]))
    case["text"] += " "
    assert "text differs" in (fault(case) or "")


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({}, 0, "1 passed, 0 failed"),
        ({"text": "other"}, 1, "text differs at 0"),
        ({"template": "no_such"}, 1, "there is no such template"),
        ({"row": {}}, 1, "0 passed, 1 failed"),
        (None, 1, "0 passed, 0 failed"),
    ],
    ids=["equal", "other text", "unknown template", "no row", "no case"],
)
def test_it_ends_with_an_error_where_a_case_failed_or_none_ran(
    shared: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, object] | None,
    status: int,
    words: str,
) -> None:
    file = tmp_path / "cases.jsonl"
    case = next(cases([shared / FILES[0]]))
    file.write_bytes(b"" if change is None else orjson.dumps({**case, **change}))
    assert main([str(file)]) == status
    assert words in capsys.readouterr().out


def test_a_file_that_is_not_there() -> None:
    assert main(["no_such.jsonl"]) == 2
