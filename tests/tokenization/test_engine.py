"""The engine gives the tokenizer's own ids, or is not used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from engine_cases import check, check_many

from agentdata.assets import tokenizer_dir
from agentdata.tokenization import Encoder, load_tokenizer
from agentdata.tokenization.engine import ENGINE_CHARS, Engine, load_engine

BUNDLED = load_tokenizer(tokenizer_dir())


def test_ids_equal_the_tokenizers() -> None:
    engine = load_engine(BUNDLED.document)
    assert engine is not None
    check_many(BUNDLED, engine, examples=200, step=11)


def test_no_texts_and_empty_texts() -> None:
    engine = load_engine(BUNDLED.document)
    assert engine is not None
    for texts in ([], [""], ["", "a", ""]):
        ids, counts = engine.encode(texts)
        assert len(counts) == len(texts) and counts.sum() == len(ids)


@pytest.mark.parametrize(
    ("changed", "there"),
    [
        ({}, True),
        ({"truncation": {"max_length": 2, "strategy": "LongestFirst", "stride": 0}}, True),
        ({"pre_tokenizer": {"type": "Metaspace", "replacement": "▁"}}, False),
        ({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", 0.0]]}}, False),
    ],
    ids=str,
)
def test_what_the_engine_does_not_know_has_none(changed: dict[str, Any], there: bool) -> None:
    engine = load_engine(BUNDLED.document | changed)
    assert (engine is not None) is there
    if engine is not None:
        check(BUNDLED, engine, ["more than two tokens of text"])


def test_without_the_library_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastokens", None)
    assert load_engine(BUNDLED.document) is None


def test_one_that_gives_other_tokens_is_found_and_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Engine.encode

    def wrong(self: Engine, texts: Sequence[str]) -> tuple[Any, Any]:
        ids, counts = right(self, texts)
        return ids[::-1].copy(), counts

    encoder = Encoder(BUNDLED)
    encoder.expect(ENGINE_CHARS)
    assert isinstance(encoder._fast, Engine) and not encoder.differs
    monkeypatch.setattr(Engine, "encode", wrong)
    encoder = Encoder(BUNDLED)
    encoder.expect(ENGINE_CHARS - 1)
    assert not encoder.differs
    encoder.expect(ENGINE_CHARS)
    assert encoder.differs and encoder._fast is None


NAMES = {
    "deepseek-v3": True,
    "deepseek-v4": True,
    "glm-4.6": True,
    "gpt-oss": True,
    "mistral-7b-v0.1-spm-legacy": True,
    "mistral-7b-v0.3-metaspace": False,
    "mistral-nemo-tekken": True,
    "qwen2.5": True,
    "qwen3": True,
    "smollm2": True,
    "yi-6b-spm": True,
}


@pytest.mark.parity
@pytest.mark.parametrize("name", NAMES)
def test_real_tokenizers(shared: Path, name: str) -> None:
    tokenizer = load_tokenizer(shared / "tokenizers" / name)
    engine = load_engine(tokenizer.document)
    assert (engine is not None) is NAMES[name]
    if engine is not None:
        with (shared / "parity" / "templates.jsonl").open("rb") as file:
            texts = sorted({orjson.loads(line)["text"] for line in file})[::29]
        check(tokenizer, engine, texts)
        check_many(tokenizer, engine, examples=30, step=43)
