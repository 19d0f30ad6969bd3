"""The report page in a real browser: it opens, sorts, stays text, and can be read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from report_cases import ATTACK, hostile_report

from agentdata.assets import sample_dir
from agentdata.pipeline import measure
from agentdata.recipe import make_recipe
from agentdata.stats import sources_report
from agentdata.stats.page import page

if TYPE_CHECKING:
    from chromium import Browser

pytestmark = pytest.mark.browser

IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZES = [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")]

CONTRASTS = """
const parse = (text) => text.match(/[0-9.]+/g).map(Number);
const light = (rgb) => {
  const [r, g, b] = rgb.slice(0, 3).map((c) => {
    c /= 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return parse(getComputedStyle(document.documentElement).backgroundColor);
};
const ratio = (a, b) => {
  const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  if (!node.data.trim() || element.closest("script,style") || !element.getClientRects().length) continue;
  const style = getComputedStyle(element);
  const colour = element.closest("svg") ? style.fill : style.color;
  found.push([node.data.trim().slice(0, 40), ratio(parse(colour), behind(element))]);
}
for (const mark of document.querySelectorAll(".key i"))
  found.push([mark.className, 1.5 * ratio(parse(getComputedStyle(mark).backgroundColor), behind(mark.parentElement))]);
return found;
"""
"""[text, contrast] of every text that is seen; of marks without text, which need 3:1, 1.5 times it."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "hostile.html"
    path.write_text(page(hostile_report(), ATTACK))
    return path


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_it_opens_without_complaints_and_fits(
    browser: Browser, hostile: Path, width: int, scheme: str
) -> None:
    browser.open(hostile, width=width, scheme=scheme)
    assert browser.complaints() == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    shown = [
        c
        for c in ("wide", "narrow")
        if browser.execute_script(
            "return document.querySelector('figure.' + arguments[0]).getClientRects().length", c
        )
    ]
    assert shown == ["wide" if width > 640 else "narrow"]


def test_names_from_data_do_not_run(browser: Browser, hostile: Path) -> None:
    browser.open(hostile)
    assert browser.title.startswith(ATTACK)
    assert browser.execute_script("return document.scripts.length") == 1
    assert browser.execute_script("return document.images.length") == 0
    assert ATTACK in browser.find_element("id", "tools").find_element("xpath", "../..").text


def test_the_policy_stops_a_script_that_got_in(
    browser: Browser, hostile: Path, tmp_path: Path
) -> None:
    path = tmp_path / "with_script.html"
    path.write_text(
        hostile.read_text().replace("</main>", "<script>document.title = 'run'</script></main>", 1)
    )
    browser.open(path)
    assert browser.title != "run"
    assert any("Content Security Policy" in complaint for complaint in browser.complaints())


def test_the_table_of_sources_sorts(browser: Browser, hostile: Path) -> None:
    browser.open(hostile)

    def column(number: int) -> list[str]:
        return [
            cell.text
            for cell in browser.find_elements("css selector", f".sortable td:nth-child({number})")
        ]

    def click(number: int) -> str | None:
        head = browser.find_element("css selector", f".sortable th:nth-child({number})")
        head.find_element("tag name", "button").click()
        return head.get_attribute("aria-sort")

    assert column(6) == ["666,000", "99,900", "3,330,000", "0"]
    assert click(6) == "descending"
    assert column(6) == ["3,330,000", "666,000", "99,900", "0"]
    assert click(6) == "ascending"
    assert column(6) == ["0", "99,900", "666,000", "3,330,000"]
    assert click(1) == "ascending"
    assert [name for name in column(1) if ATTACK not in name] == [
        "a.jsonl",
        "b.jsonl",
        "none.jsonl",
    ]
    assert click(8) == "descending"
    assert column(8)[-1] == "–"  # a source without rows comes last, not as the longest


def test_it_reads_without_a_script(browser: Browser, hostile: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(hostile)
        text = browser.find_element("tag name", "body").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "3,330,000" in text and "How long are the rows?" in text
    assert not browser.find_elements("css selector", "th button")


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_all_text_has_the_contrast_of_level_aa(
    browser: Browser, hostile: Path, width: int, scheme: str
) -> None:
    browser.open(hostile, width=width, scheme=scheme)
    found = browser.execute_script(CONTRASTS)
    assert len(found) > 200
    assert [(text, round(contrast, 2)) for text, contrast in found if contrast < 4.5] == []


def test_what_is_seen(browser: Browser, tmp_path: Path) -> None:
    """The picture of the README; AGENTDATA_IMAGES=1 writes it anew."""
    recipe = make_recipe(
        {"sources": [str(sample_dir())], "tokenizer": "bundled", "template": "chatml"}
    )
    path = tmp_path / "report.html"
    path.write_text(page(sources_report(measure(recipe), recipe.content()), "sample"))
    pictures = {}
    for scheme in ("light", "dark"):
        browser.open(path, width=960, height=940, scheme=scheme)
        pictures[scheme] = browser.screenshot(tmp_path / f"{scheme}.png")
    light, dark = (Image.open(p).convert("RGB") for p in pictures.values())
    colours = {tuple(colour) for colour in np.asarray(light).reshape(-1, 3).tolist()}
    assert light.getpixel((2, 2)) == (255, 255, 255)
    assert max(dark.getpixel((2, 2))) < 40  # type: ignore[type-var]
    # Text, tiles and the two charts: far more than a blank page, or one without its style.
    assert len(colours) > 60
    assert (47, 125, 107) in colours
    if os.environ.get("AGENTDATA_IMAGES"):
        light.quantize(64).save(pictures["light"], optimize=True)
        IMAGES.mkdir(parents=True, exist_ok=True)
        shutil.copy(pictures["light"], IMAGES / "report.png")
