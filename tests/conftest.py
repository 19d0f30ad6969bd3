"""Fixtures shared by all suites."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

SHARED = Path(os.environ.get("AGENTDATA_SHARED", Path(__file__).parents[2] / "shared"))

# How long an example takes tells more of the machine than of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data, tokenizers and reference outputs; skips where there is none."""
    if not (SHARED / "parity").is_dir():
        pytest.skip(f"no reference data at {SHARED} (set AGENTDATA_SHARED)")
    return SHARED
