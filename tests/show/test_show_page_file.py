"""The page of rows as a file: what is in it, and how large it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.show.build import from_shard
from agentdata.show.page import _embedded, page
from agentdata.show.rows import RawRows
from agentdata.show.view import Place, Seen

ROW = [{"role": "user", "content": "ask " * 300}, {"role": "assistant", "content": "reply " * 300}]


@given(st.text())
def test_embedded_json_is_json_that_ends_no_element(text: str) -> None:
    raw = _embedded({"text": text})
    assert orjson.loads(raw) == {"text": text}
    assert not set("<>&\u2028\u2029") & set(raw.decode())


@pytest.fixture
def seen(rows: Callable[..., RawRows]) -> list[Seen]:
    raw = rows([ROW] * 50)
    return [view for found in raw.from_number(0, 50) for view in raw.seen(found)]


def rows_on(html: str) -> list[dict[str, Any]]:
    """The data of the rows on a page."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    rows: list[dict[str, Any]] = orjson.loads(found[1])["rows"]
    return rows


def test_fifty_rows_are_under_two_megabytes(seen: list[Seen]) -> None:
    made = page(seen, "rows")
    rows = rows_on(made.html)
    assert made.rows == len(rows) == 50
    assert all(row["raw"] for row in rows)
    assert len(made.html.encode()) < 2_000_000


@pytest.mark.parametrize("limit_bytes", [700_000, 500_000, 300_000, 100_000])
def test_a_page_keeps_to_its_limit(seen: list[Seen], limit_bytes: int) -> None:
    made = page(seen, "rows", limit_bytes)
    rows = rows_on(made.html)
    assert len(made.html.encode()) <= limit_bytes
    # Raw rows go first, then rows, and no more of either than must.
    assert made.rows == len(rows)
    assert made.rows == 50 or not any(row["raw"] for row in rows)
    assert len(made.html.encode()) > limit_bytes - 25_000


def test_one_row_is_always_there(seen: list[Seen]) -> None:
    assert page(seen, "rows", 1).rows == 1


def test_nothing_is_taken_from_elsewhere(seen: list[Seen]) -> None:
    html = page(seen[:1], "rows").html
    assert not re.search(r"""(src|href)\s*=\s*(?!["']?data:)|@import|url\(|https?:|fetch\(""", html)


def test_a_view_without_its_source_fits_too() -> None:
    ids, weights = np.array([1, 2], np.int32), np.ones(2, np.float32)
    view = from_shard(Place(0, "a", "b"), {}, ids, weights, [b"\xbd", b"x"], ("gone",))
    [row] = rows_on(page([view], "rows").html)
    assert (row["text"], row["raw"], row["roles"]) == ("\ufffdx", None, [])
    assert row["parts"] == {}
