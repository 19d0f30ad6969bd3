"""Options, schedule, curve and command line of a run."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import orjson
import pytest
from builders import build, counting_rows
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agentdata import training
from agentdata.cli.train import command, line
from agentdata.errors import AgentDataError, UsageError
from agentdata.training.options import TrainOptions
from agentdata.training.report import (
    append_metrics,
    keep_metrics_until,
    loss_curve,
    read_metrics,
    ticks,
)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"steps": 0}, "--steps has to be above 0"),
        ({"batch_tokens": -1}, "--batch-tokens has to be above 0"),
        ({"lr": 0.0}, "--lr has to be above 0"),
        ({"warmup": 1.5}, "--warmup has to be from 0 to 1"),
        ({"loss_norm": "rows"}, r"--loss-norm has to be tokens\|weights\|sample"),
        ({"resume": True, "overwrite": True}, "--resume and --overwrite exclude each other"),
    ],
)
def test_wrong_options_name_themselves(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        TrainOptions(Path("out"), **options)


def test_the_learning_rate_rises_then_falls_as_half_a_cosine() -> None:
    options = TrainOptions(Path("out"), lr=1.0, warmup=0.2)
    rates = [options.lr_at(step, 10) for step in range(10)]
    assert rates[:3] == [0.5, 1.0, 1.0]
    assert rates[6] == pytest.approx(0.5)
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert 0 < rates[-1] < 0.05


@given(st.integers(1, 50), st.floats(0, 1))
def test_the_learning_rate_stays_above_0_and_up_to_its_peak(steps: int, warmup: float) -> None:
    options = TrainOptions(Path("out"), lr=0.5, warmup=warmup)
    assert all(0 < options.lr_at(step, steps) <= 0.5 for step in range(steps))


@pytest.mark.parametrize(("model", "peak"), [("tiny", 1e-3), ("Qwen/Qwen2.5-0.5B", 1e-5)])
def test_the_peak_fits_the_model(model: str, peak: float) -> None:
    assert TrainOptions(Path("out"), model=model).peak_lr == peak


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_ticks_are_few_and_enclose_the_values(low: float, span: float) -> None:
    marks = ticks(low, low + span)
    assert 2 <= len(marks) <= 8
    assert marks == sorted(set(marks))
    slack = 1e-9 * max(1, abs(low), span)
    assert marks[0] <= low + slack and marks[-1] >= low + span - slack


@pytest.mark.parametrize("points", [[], [(1, 2.0)], [(step, 5 / step) for step in range(1, 300)]])
def test_the_curve_is_an_svg_that_stays_inside_its_frame(points: list[Any]) -> None:
    root = ET.fromstring(loss_curve("a <b> & c", points, points[::40]))
    drawn = [
        tuple(map(float, pair.split(",")))
        for polyline in root.iter("{http://www.w3.org/2000/svg}polyline")
        for pair in polyline.attrib["points"].split()
    ]
    assert len(drawn) == len(points) + len(points[::40])
    assert all(64 <= x <= 740 and 44 <= y <= 368 for x, y in drawn)
    if len(points) > 1:
        (x0, y0), (x1, y1) = drawn[0], drawn[len(points) - 1]
        assert x0 < x1 and y0 < y1, "a falling loss has to fall on the page"


def test_a_line_that_a_crash_cut_short_is_left_out(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        append_metrics(tmp_path, {"step": step, "loss": 0.5})
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step":4,"lo')
    assert [record["step"] for record in read_metrics(tmp_path)] == [1, 2, 3]
    keep_metrics_until(tmp_path, 2)
    append_metrics(tmp_path, {"step": 3, "loss": 0.25})
    assert [record["loss"] for record in read_metrics(tmp_path)] == [0.5, 0.5, 0.25]


# The command


def test_the_command_reports_progress_on_stderr_and_the_result_on_stdout(tmp_path: Path) -> None:
    directory = build(
        tmp_path / "data", {"train": counting_rows(8), "validation": counting_rows(2)}
    )
    arguments = [str(directory), "--steps", "2", "--device", "cpu", "--max-length", "20", "--json"]
    ran = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert ran.exit_code == 0
    result = orjson.loads(ran.stdout)
    assert result["steps"] == 2 and result["too_long_rows"] > 0
    assert f"{result['too_long_rows']} rows over --max-length left out" in ran.stderr
    assert "step 2/2  loss" in ran.stderr and "step 2/2  validation loss" in ran.stderr


def test_quiet_prints_the_result_alone(tmp_path: Path) -> None:
    directory = build(tmp_path / "data", {"train": counting_rows(8)})
    out = tmp_path / "run"
    arguments = [str(directory), "--out", str(out), "--steps", "1", "--device", "cpu", "--quiet"]
    ran = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert ran.stderr == ""
    assert ran.stdout.startswith("1 steps, ") and ran.stdout.endswith(f"wrote {out}\n")


@pytest.mark.parametrize("missing", ["torch", "transformers", "safetensors"])
def test_without_the_extra_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(
        training.importlib.util, "find_spec", lambda name: None if name == missing else object()
    )
    with pytest.raises(
        AgentDataError, match=rf"{missing}.*pip install \"agentdata\[train\]\""
    ) as error:
        command.main(["out"], standalone_mode=False)
    assert error.value.code == "missing_extra"
    assert not isinstance(error.value, UsageError)


def test_a_skipped_step_says_so() -> None:
    record = {"step": 3, "loss": None, "lr": 0.1, "grad_norm": None, "tokens_per_s": 10.0}
    assert line(record, 9) == "step 3/9  skipped: no trained token"
