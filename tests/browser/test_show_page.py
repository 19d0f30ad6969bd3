"""The page of rows, in a real browser: it opens from a file and does what it says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from contrast import AA, contrasts

from agentdata.assets import sample_dir
from agentdata.recipe import make_recipe
from agentdata.show.page import page
from agentdata.show.rows import RawRows

if TYPE_CHECKING:
    from chromium import Browser

pytestmark = pytest.mark.browser

ATTACK = (
    "<script>window.hacked = 1</script></script><script>window.hacked = 2</script>"
    "<img src=x onerror='window.hacked = 3'><!--<script> {{ 7 * 7 }} \u2028\u2029 &lt;b&gt;"
)


def written(path: Path, source: Path, title: str = "rows", **told: Any) -> Path:
    """The page of all rows of a source."""
    rows = RawRows(make_recipe({"sources": [str(source)], "tokenizer": "bundled", **told}))
    seen = [view for found in rows.from_number(0, 200) for view in rows.seen(found)]
    path.write_text(page(seen, title).html, encoding="utf-8")
    return path


REACT = {"loss_scale": "react", "agent_template": "react_en"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of rows of the bundled sample."""
    folder = tmp_path_factory.mktemp("page")
    source = Path(os.path.relpath(sample_dir() / "openai.jsonl"))
    return written(folder / "page.html", source, "openai.jsonl", **REACT)


def texts(browser: Browser, selector: str) -> list[str]:
    script = "return Array.from(document.querySelectorAll(arguments[0]), (n) => n.textContent)"
    found: list[str] = browser.execute_script(script, selector)
    return found


def press(browser: Browser, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser).send_keys(*keys).perform()


def tip(browser: Browser) -> dict[str, str]:
    return dict(zip(texts(browser, "#tip dt"), texts(browser, "#tip dd"), strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_without_complaints(browser: Browser, sample: Path, scheme: str) -> None:
    browser.open(sample, scheme=scheme)
    assert browser.complaints() == []
    assert browser.title == "openai.jsonl – token weights"
    assert len(texts(browser, "#rows button")) == 30
    assert texts(browser, "#head h2") == ["row 0  weather-lisbon"]


def test_rows_are_filtered(browser: Browser, sample: Path) -> None:
    browser.open(sample)
    box = browser.find_element("id", "filter")
    box.send_keys("CALENDAR slot")
    assert texts(browser, "#rows .id") == ["calendar-find-slot"]
    assert texts(browser, "#head h2")[0].endswith("calendar-find-slot")
    box.clear()
    box.send_keys("no such words")
    assert texts(browser, "#rows .id") == []
    assert texts(browser, "#count")[0].startswith("0 of 30")
    box.clear()
    box.send_keys(" ")
    browser.execute_script(
        "const only = document.getElementById('only'); only.value = 'none';"
        "only.dispatchEvent(new Event('change'))"
    )
    assert texts(browser, "#rows .bad") == ["bad_json", "unknown_role"]
    assert "not compiled" in texts(browser, "#head .fault")[0]


def test_a_token_says_all_of_itself(browser: Browser, sample: Path) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    browser.open(sample)
    browser.find_element("id", "filter").send_keys("calendar")
    token = browser.find_element("css selector", "#prompt .t.h2")
    ActionChains(browser).move_to_element(token).perform()
    assert browser.find_element("id", "tip").is_displayed()
    found = tip(browser)
    assert found.pop("token").startswith("424 of 730, id ")
    assert found == {
        "weight": "2",
        "why": "strategy default: 1 · react, key 'Action:': 2",
        "text": '"Action"',
        "bytes": "41 63 74 69 6f 6e",
        "kind": "tool_call",
        "message": "#2 assistant",
    }
    browser.find_element("id", "filter").click()
    ActionChains(browser).move_to_element(browser.find_element("id", "filter")).perform()
    assert not browser.find_element("id", "tip").is_displayed()


def test_results_of_tools_are_not_trained_and_calls_are(browser: Browser, sample: Path) -> None:
    browser.open(sample)
    browser.find_element("id", "filter").send_keys("calendar")
    labels = texts(browser, "#prompt .gutter")
    assert "tool result#3 toolnot trained" in labels
    assert "tool call#2 assistanttrained ×2" in labels
    assert not any(label.startswith("tool result") and "×" in label for label in labels)


def test_keys_walk_rows_and_tokens(browser: Browser, sample: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(sample)
    press(browser, "j", "j", "k")
    assert texts(browser, "#head h2")[0].startswith("row 1 ")
    press(browser, Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert texts(browser, "#head h2")[0].startswith("row 2 ")
    assert tip(browser)["token"].startswith("1 of ")
    press(browser, "n")
    assert tip(browser)["weight"] != "0"
    press(browser, Keys.ESCAPE)
    assert not browser.find_element("id", "tip").is_displayed()
    press(browser, "/")
    assert browser.switch_to.active_element.get_attribute("id") == "filter"
    press(browser, "jk")  # typed, not walked
    assert texts(browser, "#head h2")[0].startswith("row 2 ")


def test_the_row_is_in_the_address(browser: Browser, sample: Path) -> None:
    browser.open(sample)
    press(browser, "j")
    assert browser.current_url.endswith("#1")
    browser.get("about:blank")
    browser.get(sample.as_uri() + "#3")
    assert texts(browser, "#head h2")[0].endswith("calendar-find-slot")


@pytest.fixture
def attack(tmp_path: Path) -> Path:
    row = {
        "id": ATTACK,
        "messages": [
            {"role": "user", "content": ATTACK},
            {
                "role": "assistant",
                "content": f"{ATTACK} and  \n\tzero\u200bwidth 𝒳 👩\u200d👩 done ",
            },
        ],
    }
    source = tmp_path / "<img src=x onerror='window.hacked = 4'>.jsonl"
    source.write_bytes(orjson.dumps(row) + b"\n" + orjson.dumps({"messages": ATTACK}) + b"\n")
    return written(tmp_path / "page.html", source, ATTACK, format="openai")


def test_text_of_the_data_is_shown_and_never_runs(browser: Browser, attack: Path) -> None:
    browser.open(attack)
    assert browser.complaints() == []
    assert browser.execute_script("return window.hacked ?? null") is None
    assert len(browser.find_elements("css selector", "script")) == 2
    assert not browser.find_elements("css selector", "img, .words b, h1 *")
    assert "onerror='window.hacked = 3'" in texts(browser, "h1")[0]
    words = [text for text in texts(browser, "#prompt .words") if "window" in text]
    assert len(words) == 2
    for text in words:
        assert "<script>window.hacked = 1</script></script><script>" in text
        assert "{{ 7 * 7 }}" in text
        assert "&lt;b&gt;" in text
    assert "onerror" in texts(browser, "#raw")[0]
    press(browser, "j")  # the row that is not compiled
    assert "not compiled" in texts(browser, "#head .fault")[0]
    assert browser.execute_script("return window.hacked ?? null") is None


def test_what_one_does_not_see_is_shown(browser: Browser, attack: Path) -> None:
    browser.open(attack)
    words = next(text for text in texts(browser, "#prompt .words") if "done" in text)
    assert words.endswith("done·")
    assert "and··⏎\n⇥\tzero" in words
    assert "𝒳" in words or "<F0>" in words


def test_the_policy_stops_a_script_that_gets_in(browser: Browser, attack: Path) -> None:
    attack.write_text(
        attack.read_text(encoding="utf-8").replace(
            "</body>", "<script>window.hacked = 5</script></body>"
        ),
        encoding="utf-8",
    )
    browser.open(attack)
    assert browser.execute_script("return window.hacked ?? null") is None
    assert "Content Security Policy" in " ".join(browser.complaints())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_contrast(browser: Browser, tmp_path: Path, scheme: str) -> None:
    row = {
        "id": "a",
        "messages": [
            {"role": "user", "content": "word " * 200},
            *(
                {"role": "assistant", "content": "words", "loss_scale": scale}
                for scale in (0.1, 0.6, 1, 1.5, 2, 3)
            ),
        ],
    }
    source = tmp_path / "rows.jsonl"
    source.write_bytes(orjson.dumps(row) + b"\n{broken\n")
    browser.open(written(tmp_path / "page.html", source, format="openai"), scheme=scheme)
    for number in range(2):
        seen = contrasts(browser)
        assert len(seen) > 20
        if not number:
            classes = {one.element for one in seen}
            assert {f"SPAN.t {c}" for c in ("w0", "c2", "c1", "w1", "h1", "h2", "h3")} <= classes
        assert seen[0].ratio >= AA, seen[0]
        press(browser, "j")


@pytest.mark.parametrize("width", [320, 390, 760, 1100])
def test_nothing_is_wider_than_the_screen(browser: Browser, attack: Path, width: int) -> None:
    browser.open(attack, width=width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script("return document.getElementById('main').scrollWidth") <= width


_LOOK = """
const block = (kind) => [...document.querySelectorAll("#prompt .block")]
  .find((b) => b.querySelector("b").textContent === kind);
block("reasoning").scrollIntoView();
block("tool result").querySelectorAll(".t")[3]
  .dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
"""
IMAGES = Path(__file__).parents[2] / "docs" / "images"
SHOTS = [("show-page", 1240, 560, "light"), ("show-page-dark", 1240, 560, "dark")]


@pytest.mark.parametrize(("name", "width", "height", "scheme"), SHOTS)
def test_screenshots_show_something(
    browser: Browser, sample: Path, tmp_path: Path, name: str, width: int, height: int, scheme: str
) -> None:
    """`make screenshots` writes them to docs/images."""
    folder = IMAGES if os.environ.get("AGENTDATA_IMAGES") else tmp_path
    browser.open(sample, width=width, height=height, scheme=scheme)
    browser.find_element("id", "filter").send_keys("calendar")
    browser.execute_script("document.activeElement.blur()")
    browser.execute_script(_LOOK)
    shot = browser.screenshot(folder / f"{name}.png")
    assert shot.stat().st_size < 150_000
    browser.get("about:blank")
    blank = browser.screenshot(tmp_path / "blank.png")
    assert shot.stat().st_size > 5 * blank.stat().st_size
