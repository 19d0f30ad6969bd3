"""The browser that pages are tested with: it notices what the tests of pages look for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chromium import Browser

pytestmark = pytest.mark.browser


def page(folder: Path, body: str) -> Path:
    path = folder / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><link rel=icon href=data:,>{body}")
    return path


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<p>fine</p>", None),
        ("<script>throw new Error('broken here')</script>", "broken here"),
        ("<script>console.error('said so')</script>", "said so"),
        ("<script src=missing.js></script>", "missing.js"),
    ],
)
def test_the_console_is_read(
    browser: Browser, tmp_path: Path, body: str, complaint: str | None
) -> None:
    browser.open(page(tmp_path, body))
    complaints = browser.complaints()
    if complaint is None:
        assert complaints == []
    else:
        assert complaint in " ".join(complaints)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_width_and_colour_scheme_are_what_was_asked(
    browser: Browser, tmp_path: Path, scheme: str
) -> None:
    browser.open(page(tmp_path, "<p>wide</p>"), width=320, scheme=scheme)
    assert browser.execute_script("return innerWidth") == 320
    dark = "return matchMedia('(prefers-color-scheme: dark)').matches"
    assert browser.execute_script(dark) is (scheme == "dark")
