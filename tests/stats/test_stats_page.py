"""The report page: its figures are those of `stats --json`, its text is text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from report_cases import ATTACK, hostile_report

from agentdata.assets import sample_dir
from agentdata.cli.stats import command
from agentdata.errors import UsageError
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.shards.manifest import SourceCounts, Tally
from agentdata.stats import page as page_module
from agentdata.stats import sources_report
from agentdata.stats.page import page


class Figures(HTMLParser):
    """Collects (pointer, value, text) of every figure, and the elements and texts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: tuple[str, str] | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        if tag == "data":
            self._open = (str(values["data-figure"]), str(values["value"]))

    def handle_data(self, text: str) -> None:
        self.texts.append(text)
        if self._open is not None:
            self.found.append((*self._open, text))

    def handle_endtag(self, tag: str) -> None:
        if tag == "data":
            self._open = None


def at(values: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        values = values[int(key)] if isinstance(values, list) else values[key]
    return values


def says(text: str, value: Any) -> bool:
    """Whether a figure as people read it is that value, to the digits that are shown."""
    if value is None:
        return text == "–"
    match = re.fullmatch(r"([0-9,]+(?:\.([0-9]+))?)( %| k| M| G|k|)", text)
    assert match, text
    scale = {" %": 0.01, " k": 1e3, " M": 1e6, " G": 1e9, "k": 1024, "": 1}[match[3]]
    digits = len(match[2] or "")
    if match[3] == " k" or match[3] == " M" or match[3] == " G":
        assert len(match[1].replace(".", "").replace(",", "")) == 3
    shown = float(match[1].replace(",", "")) * scale
    return abs(shown - value) <= 0.5000001 * scale * 10**-digits * (
        bool(match[2]) or match[3] != ""
    )


def numbers(values: Any, pointer: str = "") -> Iterator[str]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield from numbers(value, f"{pointer}/{key}")
    elif isinstance(values, list):
        for place, value in enumerate(values):
            yield from numbers(value, f"{pointer}/{place}")
    elif isinstance(values, int | float) and not isinstance(values, bool):
        yield pointer


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """`stats --json` and the page of the sample, compiled with a limit and packed."""
    out = tmp_path_factory.mktemp("compiled")
    recipe = make_recipe(
        {
            "sources": [str(sample_dir())],
            "tokenizer": "bundled",
            "template": "chatml",
            "max_length": 900,
            "pack": 1024,
            "split": {"validation": 0.2},
        }
    )
    compile_recipe(recipe, out / "shards")
    ran = CliRunner().invoke(
        command,
        [str(out / "shards"), "--json", "--html", str(out / "report.html")],
        catch_exceptions=False,
    )
    return orjson.loads(ran.stdout), (out / "report.html").read_text()


def test_every_figure_is_that_of_the_json(compiled: tuple[dict[str, Any], str]) -> None:
    report, html = compiled
    found = Figures(html).found
    assert len(found) > 300
    for pointer, value, text in found:
        assert orjson.loads(value) == at(report, pointer), pointer
        assert says(text, at(report, pointer)), (pointer, text)


def test_no_figure_of_the_total_is_left_out(compiled: tuple[dict[str, Any], str]) -> None:
    report, html = compiled
    found = {pointer for pointer, _, _ in Figures(html).found}
    shown = {
        context["length"]
        for context in report["total"]["contexts"]
        if 4096 <= context["length"] <= 131072
    }
    missing = set()
    for pointer in {
        *numbers(report["total"], "/total"),
        *numbers(report["packing"], "/packing"),
    } - found:
        _, part, *rest = pointer.strip("/").split("/")
        if part == "formats":
            continue  # files of each format: the page names the formats
        if part == "contexts" and report["total"]["contexts"][int(rest[0])]["length"] not in shown:
            continue
        if part.endswith("_tools"):
            # Of a list of tools the first ones are shown, by what it is ordered by.
            ordered = (
                {"calls", "share"} if part == "top_tools" else {"offers", "tokens", "tokens_share"}
            )
            if int(rest[0]) >= page_module.TOOLS_SHOWN or rest[1] not in ordered:
                continue
        missing.add(pointer)
    assert missing == set()


def test_the_sample_says_something_in_every_section(compiled: tuple[dict[str, Any], str]) -> None:
    report, _ = compiled
    total = report["total"]
    assert total["flow"]["filtered"] and total["flow"]["rejects"] and total["flow"]["merged"]
    assert total["whole_tokens"] > total["tokens"] == report["packing"]["tokens"]
    assert report["packing"]["fill_before"] < report["packing"]["fill_after"] <= 1
    packs = sum(split["rows"] for split in report["splits"])
    assert report["packing"]["fill_after"] == total["tokens"] / (packs * 1024)
    assert total["offered"]["never_called"] > 0
    assert sum(bin_["rows"] for bin_ in total["histogram"]) == total["rows"]
    assert sum(bin_["tokens"] for bin_ in total["histogram"]) == total["tokens"]


def bars(svg: str, colour: str) -> list[tuple[float, float]]:
    """(width, height) of the bars of a colour, left to right, and of a column bottom to top."""
    found = []
    for path in re.findall(rf'<path d="([^"]+)"[^>]*style="fill: var\(--{colour}\)"', svg):
        pairs = [tuple(map(float, pair)) for pair in re.findall(r"([0-9.]+) ([0-9.]+)", path)]
        xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
        found.append((min(xs), -max(ys), max(xs) - min(xs), max(ys) - min(ys)))
    return [(width, height) for _, _, width, height in sorted(found)]


def test_charts_draw_the_figures(compiled: tuple[dict[str, Any], str]) -> None:
    report, html = compiled
    charts = re.findall(r'<figure class="\w+">(.*?)</figure>', html, re.DOTALL)
    assert len(charts) == 4
    lengths, _, kinds, _ = charts
    rows = [bin_["rows"] for bin_ in report["total"]["histogram"] if bin_["rows"]]
    heights = [height for _, height in bars(lengths, "rows")]
    assert heights == pytest.approx([n * max(heights) / max(rows) for n in rows], abs=0.01)
    for context in report["total"]["contexts"]:
        if context["length"] == 4096:
            assert f"{100 * context['rows_share']:.1f} %" in lengths
    tokens = [kind["tokens"] for kind in report["total"]["kinds"]]
    trained = [kind["trained_tokens"] for kind in report["total"]["kinds"]]
    widths = sorted(width for width, _ in bars(kinds, "trained") if width)
    others = sorted(width for width, _ in bars(kinds, "untrained"))
    unit = max(others) / max(n - t for n, t in zip(tokens, trained, strict=True))
    assert widths == pytest.approx(sorted(n * unit for n in trained if n), abs=0.02)


def test_names_from_data_are_text() -> None:
    html = page(hostile_report(), ATTACK)
    assert ATTACK not in html
    parsed = Figures(html)
    assert [tag for tag, _ in parsed.tags if tag in ("script", "img", "link", "iframe")] == [
        "script"
    ]
    assert "".join(parsed.texts).count(ATTACK) >= 5  # title, heading, tokenizer, source, tool
    for pointer, value, _ in parsed.found:
        assert orjson.loads(value) == at(orjson.loads(hostile_report().to_json()), pointer)


def test_nothing_is_loaded_and_only_its_own_script_may_run() -> None:
    html = page(hostile_report(), "x")
    assert not re.findall(r"(?:src|href)=\"(?!#)|@import|url\((?!#)", html)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policy and policy[1].startswith("default-src 'none'")
    assert "unsafe-inline'; script-src 'sha256-" in policy[1]


def test_the_same_figures_give_the_same_page() -> None:
    assert page(hostile_report(), "x") == page(hostile_report(), "x")


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize(
    "lengths", [{0: 2}, {1: 1}, {2: 1}, {4096: 10**9}, {5 * 10**6: 1, 3: 1}, {131072: 1, 131073: 1}]
)
def test_rows_of_any_length_are_drawn(lengths: dict[int, int]) -> None:
    tally = Tally(rows=sum(lengths.values()), lengths=Counter(lengths), tokens=1)
    html = page(sources_report([SourceCounts(source="a", tally=tally)]), "x")
    drawn = bars(re.findall(r'<figure class="wide">(.*?)</figure>', html, re.DOTALL)[0], "rows")
    assert len(drawn) == len(lengths.keys() - {0})
    assert all(width > 0 and height > 0 for width, height in drawn)


def test_a_report_without_rows_is_a_page() -> None:
    parsed = Figures(page(sources_report([]), "empty"))
    assert ("/total/rows", "0", "0") in parsed.found


def test_without_the_extra_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(page_module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        UsageError, match=r"--html: needs .*matplotlib.*agentdata\[report\]"
    ) as error:
        command.main([str(tmp_path), "--html", "x.html"], standalone_mode=False)
    assert error.value.code == "missing_extra"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    source = sample_dir() / "openai.jsonl"
    arguments = [str(source), "--tokenizer", "bundled", "--template", "chatml", "--limit", "2"]
    with pytest.raises(UsageError, match=r"--html .*cannot be written") as error:
        command.main([*arguments, "--html", str(tmp_path / "no/x.html")], standalone_mode=False)
    assert error.value.code == "unwritable"
