"""Fixtures shared by all suites."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("AGENTDATA_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data, tokenizers and reference outputs; skips where there is none."""
    if not (SHARED / "parity").is_dir():
        pytest.skip(f"no reference data at {SHARED} (set AGENTDATA_SHARED)")
    return SHARED
