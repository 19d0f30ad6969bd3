"""Fixtures of the token view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from show_rows import raw_rows, write_rows

from agentdata.show.rows import RawRows


@pytest.fixture
def rows(tmp_path: Path) -> Callable[..., RawRows]:
    """`rows([messages, ...], loss_scale="react")`: the raw rows of a file of conversations."""

    def make(conversations: Sequence[Any], **told: Any) -> RawRows:
        return raw_rows(write_rows(tmp_path / "rows.jsonl", conversations), **told)

    return make
