"""Whole runs: they learn, break off, go on to the same bits, and refuse what cannot work."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
import torch
from builders import build, counting_rows, packed_row, row
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, LlamaConfig

from agentdata.errors import AgentDataError
from agentdata.training import loop, setup
from agentdata.training.loop import train
from agentdata.training.model import TinyConfig
from agentdata.training.options import TrainOptions
from agentdata.training.report import read_metrics

QUICK: dict[str, Any] = {
    "batch_tokens": 128,
    "micro_batch_tokens": 64,
    "device": "cpu",
    "eval_every": 2,
    "save_every": 3,
}
TIMES = {"seconds", "tokens_per_s"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder of the same make and a fraction of the size."""
    monkeypatch.setattr(
        setup,
        "TinyConfig",
        lambda vocab: TinyConfig(vocab, width=32, layers=2, heads=2, feed_forward=48),
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    rows = counting_rows(60)
    return build(tmp_path / "data", {"train": rows[:50], "validation": rows[50:]})


def llama(path: Path, **config: Any) -> str:
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "vocab_size": 64}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 64}
    settings = LlamaConfig(**sizes | heads | config)
    AutoModelForCausalLM.from_config(settings).save_pretrained(path)
    return str(path)


def metrics(out: Path) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in record.items() if name not in TIMES}
        for record in read_metrics(out)
    ]


def same_model(one: Path, other: Path) -> bool:
    a, b = (load_file(out / "model/model.safetensors") for out in (one, other))
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_run_learns_and_leaves_what_it_did(directory: Path) -> None:
    records: list[Mapping[str, Any]] = []
    result = train(TrainOptions(directory, steps=60, lr=1e-2, **QUICK), records.append)
    out = directory.with_name("data-train")
    assert result.out == out
    lines = read_metrics(out)
    steps = [line for line in lines if "loss" in line]
    assert [line["step"] for line in steps] == list(range(1, 61))
    assert steps[0]["loss"] > 4 and result.loss is not None and result.loss < 1
    assert [line["step"] for line in lines if "val_loss" in line] == list(range(2, 61, 2))
    assert result.val_loss == lines[-1]["val_loss"] < 1.5
    assert steps[0].keys() == {
        *("step", "epoch", "loss", "lr", "grad_norm", "tokens"),
        *("trained_tokens", "weight_sum", "tokens_per_s", "seconds"),
    }
    assert [record for record in records if "event" not in record] == lines
    assert records[0]["event"] == "start"
    assert sorted(path.name for path in out.iterdir()) == [
        *("checkpoint-54", "checkpoint-57", "loss.svg", "metrics.jsonl", "model", "report.json"),
    ]
    report = orjson.loads((out / "report.json").read_bytes())
    assert report["result"]["tokens"] == sum(line["tokens"] for line in steps) == result.tokens
    assert ET.parse(out / "loss.svg").getroot().tag.endswith("svg")


def test_epochs_see_every_trained_token_as_often(directory: Path) -> None:
    result = train(TrainOptions(directory, epochs=2, **QUICK))
    trained = sum(row["trained_tokens"] for row in counting_rows(60)[:50])
    assert result.trained_tokens == 2 * trained
    assert {line["epoch"] for line in metrics(result.out) if "loss" in line} == {0, 1}


@pytest.mark.parametrize("model", ["tiny", "llama"])
def test_a_broken_run_resumes_to_the_same_bits(tmp_path: Path, directory: Path, model: str) -> None:
    source = "tiny" if model == "tiny" else llama(tmp_path / "llama", attention_dropout=0.1)

    def options(name: str, **more: Any) -> TrainOptions:
        return TrainOptions(directory, model=source, out=tmp_path / name, steps=14, **QUICK | more)

    class Crash(Exception): ...

    def crash_at(step: int) -> Any:
        def progress(record: Mapping[str, Any]) -> None:
            if record["step"] == step and "lr" in record:
                raise Crash

        return progress

    train(options("whole"))
    with pytest.raises(Crash):
        train(options("broken"), crash_at(5))
    with pytest.raises(Crash):
        train(options("broken", resume=True), crash_at(11))
    train(options("broken", resume=True))
    assert metrics(tmp_path / "broken") == metrics(tmp_path / "whole")
    assert same_model(tmp_path / "broken", tmp_path / "whole")


def test_resume_without_a_checkpoint_starts_and_after_the_end_does_nothing(
    directory: Path,
) -> None:
    options = TrainOptions(directory, steps=4, resume=True, **QUICK)
    first = train(options)
    before = (first.out / "metrics.jsonl").stat().st_mtime_ns
    assert train(options) == first
    assert (first.out / "metrics.jsonl").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"steps": 9}, "steps 6, not 9"),
        ({"lr": 0.5}, "peak_lr 0.001, not 0.5"),
        ({"loss_norm": "sample"}, "loss_norm tokens, not sample"),
    ],
)
def test_resume_refuses_other_options(directory: Path, change: dict[str, Any], says: str) -> None:
    options = {"steps": 6, **QUICK}
    out = train(TrainOptions(directory, **options)).out
    for finished in (True, False):
        if not finished:
            (out / "report.json").unlink()
        with pytest.raises(AgentDataError, match=says) as error:
            train(TrainOptions(directory, resume=True, **options | change))
        assert error.value.code == "resume_mismatch"


def test_a_damaged_checkpoint_is_one_clear_line(directory: Path) -> None:
    options = {"steps": 4, **QUICK}
    out = train(TrainOptions(directory, **options)).out
    (out / "report.json").unlink()
    for name in ("model.safetensors", "optimizer.pt", "state.json"):
        path = out / "checkpoint-3" / name
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(AgentDataError, match="checkpoint-3 cannot be loaded") as error:
            train(TrainOptions(directory, resume=True, **options))
        assert error.value.code == "bad_checkpoint"
        path.write_bytes(whole)


def test_a_run_is_not_overwritten_unasked(directory: Path) -> None:
    out = train(TrainOptions(directory, steps=4, **QUICK)).out
    (out / "notes.txt").write_text("mine")
    with pytest.raises(AgentDataError) as error:
        train(TrainOptions(directory, steps=2, **QUICK))
    assert error.value.code == "out_exists"
    train(TrainOptions(directory, steps=2, overwrite=True, **QUICK))
    assert [line["step"] for line in metrics(out)] == [1, 2, 2]
    assert not (out / "checkpoint-3").exists()
    assert (out / "notes.txt").read_text() == "mine"


def test_a_batch_without_trained_tokens_is_skipped_not_nan(tmp_path: Path) -> None:
    rows = counting_rows(4) + [row(f"none-{n}", (range(20), [0.0] * 20)) for n in range(4)]
    # One row to a step: half of the steps have nothing to learn from.
    result = train(
        TrainOptions(build(tmp_path / "data", {"train": rows}), **QUICK | {"batch_tokens": 1})
    )
    losses = [line["loss"] for line in metrics(result.out)]
    assert result.steps == 8 and result.skipped_steps == losses.count(None) == 4
    parameters = load_file(result.out / "model/model.safetensors")
    assert all(torch.isfinite(tensor).all() for tensor in parameters.values())


def test_a_skipped_step_leaves_the_parameters_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates: list[int] = []
    monkeypatch.setattr(loop, "_update", lambda run, step: updates.append(step) or 0.0)
    rows = [row("some", ([1, 2], [0, 1])), row("none", ([3, 4], [1, 0]))]
    directory = build(tmp_path / "data", {"train": rows})
    result = train(TrainOptions(directory, **QUICK | {"batch_tokens": 1}))
    assert len(updates) == 1 and result.skipped_steps == 1


def test_packed_and_unpacked_rows_train_the_same(tmp_path: Path) -> None:
    samples = [(row["input_ids"], row["loss_weights"]) for row in counting_rows(12)]
    plain = build(tmp_path / "plain", {"train": [row(f"{n}", s) for n, s in enumerate(samples)]})
    packs = [packed_row("p", samples)]
    packed = build(tmp_path / "packed", {"train": packs}, packed=True, shards=1)
    # Both take everything in one step; the order within it is free.
    options = QUICK | {"batch_tokens": 10_000, "steps": 3}
    ends = [train(TrainOptions(source, **options)) for source in (plain, packed)]
    assert ends[0].loss == pytest.approx(ends[1].loss, rel=1e-5)
    assert ends[0].trained_tokens == ends[1].trained_tokens


def test_a_model_of_transformers_is_trained_and_saved_for_from_pretrained(
    tmp_path: Path, directory: Path
) -> None:
    result = train(
        TrainOptions(directory, model=llama(tmp_path / "llama"), steps=30, lr=1e-2, **QUICK)
    )
    losses = [line["loss"] for line in metrics(result.out) if "loss" in line]
    assert losses[-1] < 0.6 * losses[0]
    again = AutoModelForCausalLM.from_pretrained(result.out / "model")
    ids = torch.arange(10, 20).unsqueeze(0)
    assert again(input_ids=ids, labels=ids).loss.item() < 0.7 * losses[0]


@pytest.mark.parametrize(
    ("config", "options", "code", "says"),
    [
        ({"vocab_size": 63}, {}, "vocab_mismatch", "63 embeddings"),
        ({"max_position_embeddings": 20}, {}, "too_long", "--max-length 20"),
    ],
)
def test_models_that_do_not_fit(
    tmp_path: Path, directory: Path, config: Any, options: Any, code: str, says: str
) -> None:
    model = llama(tmp_path / "llama", **config)
    with pytest.raises(AgentDataError, match=says) as error:
        train(TrainOptions(directory, model=model, steps=8, **QUICK | options))
    assert error.value.code == code
    assert "\n" not in str(error.value)


def test_a_gradient_that_is_not_finite_stops_the_run(tmp_path: Path, directory: Path) -> None:
    model = llama(tmp_path / "llama")
    weights = load_file(tmp_path / "llama/model.safetensors")
    weights["lm_head.weight"][:] = torch.inf
    save_file(weights, tmp_path / "llama/model.safetensors", {"format": "pt"})
    with pytest.raises(AgentDataError, match=r"step 1 is not finite — lower --lr") as error:
        train(TrainOptions(directory, model=model, steps=8, **QUICK))
    assert error.value.code == "diverged"
    assert not (directory.with_name("data-train") / "model").exists()


def test_max_length_makes_a_model_with_few_positions_fit(tmp_path: Path, directory: Path) -> None:
    model = llama(tmp_path / "llama", max_position_embeddings=20)
    result = train(TrainOptions(directory, model=model, steps=2, max_length=20, **QUICK))
    assert result.too_long_rows == sum(row["length"] > 20 for row in counting_rows(60)[:50]) > 0


@pytest.mark.parametrize(
    ("rows", "options", "code"),
    [
        ([], {}, "nothing_to_train"),
        ([row("a", ([1, 2, 3], [0, 0, 0]))], {}, "nothing_to_train"),
        (counting_rows(3), {"max_length": 2}, "nothing_to_train"),
    ],
)
def test_nothing_to_train_is_one_clear_line(
    tmp_path: Path, rows: list[Any], options: Any, code: str
) -> None:
    directory = build(tmp_path / "data", {"train": rows})
    with pytest.raises(AgentDataError) as error:
        train(TrainOptions(directory, **QUICK | options))
    assert error.value.code == code
    assert not directory.with_name("data-train").exists()


def test_two_processes_train_as_one(tmp_path: Path) -> None:
    rows = counting_rows(12) + [row(f"none-{n}", (range(20), [0.0] * 20)) for n in range(2)]
    directory = build(tmp_path / "data", {"train": rows, "validation": counting_rows(5, seed=1)})
    # Few rows to a step: some steps leave one of the two without a trained token, or a row.
    options = QUICK | {"batch_tokens": 30, "save_every": 4}
    script = (
        f"from pathlib import Path; from agentdata.training.loop import train\n"
        f"from agentdata.training.options import TrainOptions\n"
        f"from agentdata.training import setup; from agentdata.training.model import TinyConfig\n"
        f"setup.TinyConfig = lambda v: TinyConfig(v, width=32, layers=2, heads=2, feed_forward=48)\n"
        f"train(TrainOptions(Path({str(directory)!r}), out=Path({str(tmp_path / 'two')!r}), **{options!r}))"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env=os.environ | group | {"RANK": rank, "LOCAL_RANK": rank, "OMP_NUM_THREADS": "1"},
        )
        for rank in "01"
    ]
    train(TrainOptions(directory, out=tmp_path / "one", **options))
    assert [process.wait(timeout=100) for process in processes] == [0, 0]
    one, two = metrics(tmp_path / "one"), metrics(tmp_path / "two")
    assert len(one) == len(two)
    for expected, got in zip(one, two, strict=True):
        assert got.keys() == expected.keys()
        for name, value in expected.items():
            close = got[name] if value is None else pytest.approx(value, rel=2e-4)
            assert got[name] == close, (name, expected, got)
    a, b = (load_file(tmp_path / name / "model/model.safetensors") for name in ("one", "two"))
    for name in a:
        torch.testing.assert_close(a[name], b[name], rtol=1e-3, atol=1e-4)


def test_a_checkpoint_is_whole_or_absent(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = directory.with_name("data-train")

    def full_disk(*args: object) -> None:
        raise RuntimeError("PytorchStreamWriter failed writing file")

    with monkeypatch.context() as patch, pytest.raises(AgentDataError) as error:
        patch.setattr(torch, "save", full_disk)
        train(TrainOptions(directory, steps=6, **QUICK))
    assert error.value.code == "cannot_write"
    assert not list(out.glob("checkpoint-*"))
    train(TrainOptions(directory, steps=6, resume=True, **QUICK))
    assert [path.name for path in out.glob("*checkpoint-*")] == ["checkpoint-3"]
