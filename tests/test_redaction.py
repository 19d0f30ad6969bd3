"""Secrets and addresses: taken out of rows, of shards and of rejects, and counted."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer

from agentdata.assets import tokenizer_dir
from agentdata.errors import UsageError
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.redaction import redacted
from agentdata.sources import RawRow

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAbc=\n-----END RSA PRIVATE KEY-----"
CASES = [
    ("write to jane.doe+x@mail.example.org now", "email", "write to [redacted email] now"),
    ("key AKIAIOSFODNN7EXAMPLE.", "aws_access_key", "key [redacted aws_access_key]."),
    ("ghp_" + "a1B2" * 9, "github_token", "[redacted github_token]"),
    (f"see {PEM} end", "private_key", "see [redacted private_key] end"),
    ("sk-ant-api03-" + "x" * 40, "api_key", "[redacted api_key]"),
    (
        "Authorization: Bearer " + "abcdef0123" * 3,
        "bearer_token",
        "Authorization: [redacted bearer_token]",
    ),
    (
        "postgres://me:hunter2secret@db.local/x",
        "basic_auth_credentials",
        "postgres[redacted basic_auth_credentials]db.local/x",
    ),
]


@pytest.mark.parametrize(("text", "kind", "expected"), CASES, ids=[case[1] for case in CASES])
def test_what_is_taken_out(text: str, kind: str, expected: str) -> None:
    raw, found = redacted(RawRow({"a": [{"b": text}]}, 1), ["secrets", "email"])
    assert isinstance(raw, RawRow)
    assert raw.value == {"a": [{"b": expected}]}
    assert dict(found) == {kind: 1}


@pytest.mark.parametrize(
    "text",
    [
        "sk-learn is a library",
        "a @ b",
        "user@localhost",
        "10.0.0.1",
        "Bearer of bad news",
        "x" * 99,
    ],
)
def test_what_is_left_alone(text: str) -> None:
    row = RawRow({"a": text, "n": 1, "none": None}, 1)
    assert redacted(row, ["secrets", "email"]) == (row, {})


def compiled(tmp_path: Path, **options: object) -> Path:
    rows = [
        [{"role": "user", "content": "I am a@b.example"}, {"role": "assistant", "content": "Hi"}],
        [{"role": "user", "content": "c@d.example, e@f.example"}, {"role": "pilot", "content": ""}],
        [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}],
    ]
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps({"messages": row}) + "\n" for row in rows))
    out = tmp_path / "out"
    compile_recipe(make_recipe({"sources": [str(source)], "tokenizer": "bundled", **options}), out)
    return out


def test_shards_and_rejects_are_clean_and_rows_are_counted(tmp_path: Path) -> None:
    out = compiled(tmp_path, redact=["email"])
    tokenizer = Tokenizer.from_file(str(tokenizer_dir() / "tokenizer.json"))
    table = pq.read_table(out / "data")
    texts = [tokenizer.decode(ids.as_py()) for ids in table["input_ids"]]
    assert "[redacted email]" in texts[0] and "@" not in "".join(texts)
    assert "@" not in (out / "rejects.jsonl").read_text()
    (source,) = json.loads((out / "manifest.json").read_text())["sources"]
    assert source["redacted"] == {"email": 2}


def test_off_by_default(tmp_path: Path) -> None:
    (source,) = json.loads((compiled(tmp_path) / "manifest.json").read_text())["sources"]
    assert source["redacted"] == {}
    assert "c@d.example" in (tmp_path / "out/rejects.jsonl").read_text()


def test_rejects_without_rows_quote_nothing(tmp_path: Path) -> None:
    out = compiled(tmp_path, rejects_without_rows=True)
    (reject,) = map(json.loads, (out / "rejects.jsonl").read_text().splitlines())
    assert reject.keys() == {"source", "line", "format", "reason", "pointer"}
    assert (reject["line"], reject["reason"]) == (2, "unknown_role")


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(UsageError, match="--redact"):
        make_recipe({"sources": ["x"], "tokenizer": "bundled", "redact": ["everything"]})
