"""`agentdata verify`: what is whole passes, and whatever is not as it was written is found."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import build, counting_rows, packed_row
from click.testing import CliRunner

from agentdata.assets import sample_dir
from agentdata.cli.verify import command
from agentdata.errors import AgentDataError
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.shards.manifest import MANIFEST_NAME, load_manifest
from agentdata.shards.verify import verify

CORRUPTIONS = 2_000
KINDS = [
    {},
    {"pack": 512, "overflow": "split"},
    {"container": "arrow", "split": {"validation": 0.3}},
]


@pytest.fixture(scope="module", params=KINDS, ids=["rows", "packed", "arrow"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled directory of several shards, with rejected rows."""
    folder = tmp_path_factory.mktemp("whole")
    bad = folder / "bad.jsonl"
    bad.write_text('{"messages": []}\n[1]\n')
    options = {
        "sources": [str(sample_dir()), str(bad)],
        "tokenizer": "bundled",
        "shard_size": 90_000,
    }
    compile_recipe(make_recipe(options | request.param), folder / "out")
    return folder / "out"


def test_a_compiled_directory_is_whole(whole: Path) -> None:
    report = verify(whole)
    manifest = load_manifest(whole)
    assert (report.faults, report.is_whole) == ([], True)
    assert report.shards == len(manifest.shards) > 1
    assert report.tokens == manifest.total().tokens


def files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def flip(rng: random.Random, path: Path, whole: Path) -> None:
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def truncate(rng: random.Random, path: Path, whole: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data))])


def extend(rng: random.Random, path: Path, whole: Path) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randrange(1, 9)))


def remove(rng: random.Random, path: Path, whole: Path) -> None:
    path.unlink()


def swap(rng: random.Random, path: Path, whole: Path) -> None:
    """Two shards change places; a file that has no like takes another's bytes."""
    other = rng.choice([file for file in files(whole) if file != path])
    one, two = path.read_bytes(), other.read_bytes()
    path.write_bytes(two)
    other.write_bytes(one)


def add(rng: random.Random, path: Path, whole: Path) -> None:
    shutil.copy(path, path.with_name(f"more-{path.name}"))


DAMAGES: list[Callable[[random.Random, Path, Path], None]] = [
    *[flip] * 12,
    truncate,
    extend,
    remove,
    swap,
    add,
]


def test_every_random_corruption_is_found(whole: Path) -> None:
    """Bits flipped, files cut, grown, taken away, exchanged and added, in every file."""
    rng = random.Random(whole.name)
    kept = {path: path.read_bytes() for path in files(whole)}
    missed = []
    for number in range(CORRUPTIONS // len(KINDS) + 1):
        damage, path = rng.choice(DAMAGES), rng.choice(list(kept))
        damage(rng, path, whole)
        try:
            found = not verify(whole).is_whole
        except AgentDataError:
            found = True
        if not found:
            missed.append((number, damage.__name__, path.name))
        for file in files(whole):
            if file not in kept:
                file.unlink()
        for file, data in kept.items():
            if not file.exists() or file.read_bytes() != data:
                file.write_bytes(data)
    assert missed == []
    assert verify(whole).is_whole


# What checksums cannot see: shards that were written wrong. (change of rows, code)
Row = dict[str, Any]


def set_(name: str, value: Any) -> Callable[[list[Row]], None]:
    return lambda rows: rows[1].update({name: value})


def put(name: str, at: int, value: Any) -> Callable[[list[Row]], None]:
    return lambda rows: rows[1][name].__setitem__(at, value)


WRONG = [
    (put("input_ids", 0, 64), "token_id"),
    (put("input_ids", 0, -1), "token_id"),
    (put("labels", -1, 3_000), "label"),
    (put("loss_weights", -1, float("nan")), "weight"),
    (put("loss_weights", -1, -1.0), "weight"),
    (put("loss_weights", 0, 1.0), "weight"),
    (lambda rows: rows[1]["labels"].append(1), "lengths"),
    (set_("length", 1), "lengths"),
    (set_("trained_tokens", 0), "count"),
    (set_("weight_sum", 99.0), "count"),
    (set_("id", "row-0"), "duplicate_id"),
]


@pytest.mark.parametrize(("change", "code"), WRONG)
def test_rows_that_are_wrong_in_themselves_are_found(
    tmp_path: Path, change: Callable[[list[Row]], None], code: str
) -> None:
    rows = counting_rows(9)
    assert verify(build(tmp_path / "right", {"train": rows})).is_whole
    change(rows)
    assert code in verify(build(tmp_path / "wrong", {"train": rows})).codes


PACK_WRONG = [
    ("seq_lengths", [3, 4], "lengths"),
    ("position_ids", [0, 1, 2, 3, 4, 5], "positions"),
    ("ids", ["a/0"], "lengths"),
    ("ids", ["a/0", "a/0"], "duplicate_id"),
]


@pytest.mark.parametrize(("name", "value", "code"), PACK_WRONG)
def test_packs_that_are_wrong_in_themselves_are_found(
    tmp_path: Path, name: str, value: list[Any], code: str
) -> None:
    row = packed_row("a", [([1, 2, 3], [0, 1, 1]), ([4, 5, 6], [0, 0, 2])])
    assert verify(build(tmp_path / "right", {"train": [row]}, packed=True, shards=1)).is_whole
    row[name] = value
    report = verify(build(tmp_path / "wrong", {"train": [row]}, packed=True, shards=1))
    assert code in report.codes


def test_counts_that_do_not_add_up_are_found(whole: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(whole, copy)
    manifest = load_manifest(copy)
    manifest.sources[0].read += 1
    (copy / MANIFEST_NAME).write_bytes(manifest.to_json())
    assert set(verify(copy).codes) == {"unaccounted"}


def test_command_says_what_is_wrong_and_exits_with_1(whole: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(whole, copy)
    result = CliRunner().invoke(command, [str(copy)], standalone_mode=False)
    assert (result.return_value, "is whole" in result.output) == (0, True)
    shard = load_manifest(copy).shards[0].path
    (copy / shard).unlink()
    result = CliRunner().invoke(command, [str(copy), "--json"], standalone_mode=False)
    assert result.return_value == 1
    assert json.loads(result.output)["faults"] == [
        {"code": "missing", "path": shard, "message": "is not there"}
    ]
