"""What a long run says of itself on stderr, on a terminal and elsewhere."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from rich.console import Console

from agentdata.assets import sample_dir
from agentdata.cli import _progress
from agentdata.cli._progress import CompileProgress, Display, TrainProgress, left, memory
from agentdata.cli.compile_ import command
from agentdata.cli.train import line
from agentdata.pipeline import Step, compile_recipe
from agentdata.recipe import make_recipe
from agentdata.shards.manifest import SourceCounts, Tally
from agentdata.sources import WorkUnit, plan
from agentdata.sources.units import unit_bytes


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def step(share: float, rows: int, tokens: int, *, earlier: bool = False, **rejects: int) -> Step:
    counts = SourceCounts(
        source="a", read=rows, rejects=Counter(rejects), tally=Tally(tokens=tokens)
    )
    return Step(counts, share, earlier)


def terminal() -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, force_terminal=True, width=160, highlight=False), file


@pytest.fixture(autouse=True)
def _memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_progress, "memory", lambda: "812 MB")


def test_rates_and_the_time_that_is_left() -> None:
    clock = Clock()
    progress = CompileProgress(Display(), clock)
    clock.now += 10  # the tokenizer is loaded, the first task done
    progress(step(0.2, 100, 50_000, bad_json=3))
    clock.now += 10
    progress(step(0.6, 100, 50_000, bad_json=1, unknown_role=2))
    assert progress.text() == (
        "60%  200 rows  5,000 tokens/s  0:10 left  812 MB  rejected 6 (bad_json 4, unknown_role 2)"
    )
    progress(step(1.0, 0, 0))
    assert "100%  200 rows  5,000 tokens/s  putting the shards together" in progress.text()


def test_what_an_earlier_run_did_makes_this_one_no_faster() -> None:
    clock = Clock()
    progress = CompileProgress(Display(), clock)
    progress(step(0.5, 1000, 1_000_000, earlier=True))
    for share in (0.6, 0.7):
        clock.now += 5
        progress(step(share, 100, 10_000))
    assert progress.text() == "70%  1,200 rows  2,000 tokens/s  0:15 left  812 MB"


def test_without_a_terminal_lines_come_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Display() as display:
        progress = CompileProgress(display, clock)
        progress(step(0.1, 1, 10))
        assert capsys.readouterr() == ("", "")  # over before anyone would look
        clock.now += 3
        for _ in range(50):
            progress(step(0.5, 1, 10))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and err.startswith("50%  2 rows")


def test_on_a_terminal_a_bar_lives_and_goes_away() -> None:
    console, file = terminal()
    clock = Clock()
    with Display(console) as display:
        progress = CompileProgress(display, clock)
        clock.now += 3
        progress(step(0.5, 1234, 10, bad_json=7))
        display._bar.refresh()  # type: ignore[union-attr]
    shown = file.getvalue()
    assert "1,234 rows" in shown and "rejected 7 (bad_json 7)" in shown and "━" in shown
    assert shown.rstrip().endswith("\x1b[2K")  # its line is wiped


def test_the_bar_is_gone_after_an_error() -> None:
    console, file = terminal()
    with pytest.raises(KeyboardInterrupt), Display(console):
        raise KeyboardInterrupt
    assert "\x1b[?25h" in file.getvalue()  # the cursor is back


def test_a_dumb_terminal_gets_lines(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    with Display(console) as display:
        display.show(0.5, lambda: "half", at_once=True)
    assert capsys.readouterr().err == "half\n"


def test_training_says_what_stays_and_what_passes(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    figures: dict[str, Any] = {"loss": 2.5, "lr": 1e-3, "grad_norm": 1.0, "tokens_per_s": 1000.0}
    start = {"event": "start", "step": 4, "steps": 12, "parameters": 10, "rows": 3, "device": "cpu"}
    start |= {"dtype": "float32", "processes": 1, "out": "run", "too_long_rows": 0}
    with Display() as display:
        progress = TrainProgress(display, line, clock)
        progress(start)
        clock.now += 10
        progress({"step": 5, **figures})
        progress({"step": 6, **figures})  # too soon after the one before
        progress({"step": 6, "val_loss": 2.25})
        progress({"step": 12, **figures})  # the last one is always said
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("training 10 parameters on 3 rows")
    assert lines[1].endswith("1,000 tokens/s  1:10 left  812 MB")
    assert lines[2] == "step 6/12  validation loss 2.2500"
    assert lines[3].startswith("step 12/12  loss 2.5000") and len(lines) == 4


def test_memory_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert 10 < int(memory().split()[0].replace(",", "")) < 100_000


@pytest.mark.parametrize(
    ("seconds", "done", "to_do", "expected"),
    [(59.6, 1, 1, "1:00 left"), (3599, 1, 1, "59:59 left"), (36000, 1, 1, "10:00:00 left")],
)
def test_time_left(seconds: float, done: float, to_do: float, expected: str) -> None:
    assert left(seconds, done, to_do) == expected


# Of the pipeline


def recipe(**more: Any) -> dict[str, Any]:
    return {"sources": [str(sample_dir())], "tokenizer": "bundled", "template": "chatml", **more}


def test_shares_of_a_compile_end_at_one(tmp_path: Path) -> None:
    steps: list[Step] = []
    manifest = compile_recipe(make_recipe(recipe()), tmp_path / "out", progress=steps.append)
    shares = [s.share for s in steps]
    assert shares == sorted(shares) and shares[-1] == 1 and 0 < shares[0] < 0.5
    assert sum(s.counts.read for s in steps) == sum(s.read for s in manifest.sources)


def test_under_a_limit_the_share_is_that_of_the_rows(tmp_path: Path) -> None:
    steps: list[Step] = []
    compile_recipe(make_recipe(recipe(limit=12)), tmp_path / "out", progress=steps.append)
    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert sum(step.counts.read for step in steps) == 12


def test_units_weigh_what_they_read(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_bytes(b'{"a": 1}\n' * 100)
    units = list(plan([lines], unit_bytes=300))
    assert sum(unit_bytes(units)) == 900 and len(units) > 2
    table = tmp_path / "b.parquet"
    pq.write_table(pa.table({"a": list(range(100))}), table, row_group_size=25)
    units = [WorkUnit(table, "parquet", 0, 3), WorkUnit(table, "parquet", 3, 4)]
    size = table.stat().st_size
    assert unit_bytes(units) == [round(size * 0.75), round(size * 0.25)]
    text = tmp_path / "c.json"
    text.write_bytes(b'{"a": 1}')
    assert unit_bytes(list(plan([text]))) == [8]


def test_progress_leaves_stdout_to_the_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_progress, "SECONDS_BETWEEN_LINES", 0.0)
    arguments = [
        str(sample_dir()),
        "--tokenizer",
        "bundled",
        "--template",
        "chatml",
        "--workers",
        "1",
    ]

    def run(*more: str) -> tuple[str, str]:
        out = str(tmp_path / f"out{more[-1]}")
        ran = CliRunner().invoke(command, [*arguments, "--out", out, *more], catch_exceptions=False)
        return ran.stdout, ran.stderr

    stdout, stderr = run("--json")
    assert orjson.loads(stdout)["shards"] and "tokens/s" in stderr
    assert run("--quiet") == ("", "")
