"""Every reference case of our templates: text equal, weights equal to the character."""

from __future__ import annotations

from pathlib import Path

import pytest
from parity import FILES, cases, fault, is_known

pytestmark = pytest.mark.parity


@pytest.mark.parametrize(("name", "at_least"), [(FILES[0], 1130), (FILES[1], 972)])
def test_every_reference_case_is_equal(shared: Path, name: str, at_least: int) -> None:
    known = [case for case in cases([shared / name]) if is_known(case)]
    faults = {case["case"]: why for case in known if (why := fault(case))}
    assert not faults
    assert len(known) >= at_least


def test_a_changed_weight_is_noticed(shared: Path) -> None:
    case = next(case for case in cases([shared / FILES[0]]) if is_known(case))
    case["weights"][-1][2] = 0.5
    assert "weight at" in (fault(case) or "")


def test_a_changed_text_is_noticed(shared: Path) -> None:
    case = next(case for case in cases([shared / FILES[0]]) if is_known(case))
    case["text"] += " "
    assert "text differs" in (fault(case) or "")
