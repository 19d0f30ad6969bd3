"""`--check` in a compile: what it rejects, counts and leaves in the shards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.shards.manifest import REJECTS_NAME, Manifest

GOOD = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
TWICE = [GOOD[0], *GOOD]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"messages": m}) + "\n" for m in (GOOD, TWICE, GOOD)))
    return path


def compiled(source: Path, out: Path, **options: str) -> Manifest:
    values = {"tokenizer": "bundled", "sources": [str(source)], **options}
    return compile_recipe(make_recipe(values), out)


def test_strict_rejects_normal_counts_off_is_silent(source: Path, tmp_path: Path) -> None:
    code = {"repeated_role": 1}
    expected = {"strict": (2, code, {}), "normal": (3, {}, code), "off": (3, {}, {})}
    for level, outcome in expected.items():
        (counts,) = compiled(source, tmp_path / level, check=level).sources
        assert (counts.written, dict(counts.rejects), dict(counts.warnings)) == outcome
    (reject,) = map(json.loads, (tmp_path / "strict" / REJECTS_NAME).open())
    found = (reject["line"], reject["reason"], reject["pointer"])
    assert found == (2, "repeated_role", "/messages/1")
    assert reject["row"] == {"messages": TWICE}


def test_the_default_is_normal_and_the_level_is_in_recipe_and_fingerprint(
    source: Path, tmp_path: Path
) -> None:
    default = compiled(source, tmp_path / "default")
    off = compiled(source, tmp_path / "off", check="off")
    assert (default.recipe["check"], off.recipe["check"]) == ("normal", "off")
    differing = {k for k, v in default.fingerprints.items() if off.fingerprints[k] != v}
    assert differing == {"recipe"}
    assert [s.sha256 for s in default.shards] == [s.sha256 for s in off.shards]
