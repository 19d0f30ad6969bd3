"""Remembered pieces give the tokens of the whole text, or are not used."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentdata.assets import sample_dir, tokenizer_dir
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe
from agentdata.shards.reader import ShardDataset
from agentdata.tokenization import Encoder, LoadedTokenizer, load_tokenizer
from agentdata.tokenization.byte_lengths import byte_lengths
from agentdata.tokenization.cuts import Cuts, normalizes, proved_cuts
from agentdata.tokenization.pieces import PieceMemory
from agentdata.tokenization.probe import probe

BUNDLED = load_tokenizer(tokenizer_dir())
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
GPT2 = BYTES | {"use_regex": True}
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def split(pattern: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "Split",
        "pattern": {"Regex": pattern},
        "behavior": "Isolated",
        "invert": False,
    } | more


def sequence(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "pretokenizers": list(parts)}


def added(content: str, **more: bool) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": 0, "content": content, "special": False} | flags | more


PRE_TOKENIZERS = {
    "qwen": (sequence(split(QWEN), BYTES), Cuts(True, True)),
    "o200k": (sequence(split(O200K), BYTES), Cuts(True, True)),
    "gpt2": (GPT2, Cuts(True, False)),
    "digits, gpt2": (sequence({"type": "Digits", "individual_digits": True}, GPT2), Cuts(True)),
    "three splits": (
        sequence(split(r"\p{N}{1,3}"), split("[一-龥]+"), split(QWEN), BYTES),
        Cuts(True, True),
    ),
    "adds a space": (GPT2 | {"add_prefix_space": True}, Cuts()),
    "no pattern": (BYTES, Cuts()),
    "none": (None, Cuts()),
    "space inside a match": (sequence(split(r"\S+ \S+|\s+"), BYTES), Cuts()),
    "any character": (sequence(split(r".+|\s+"), BYTES), Cuts()),
    "a negated class over both": (sequence(split(r"[^\n]+|\s+"), BYTES), Cuts()),
    "looks at what follows a word": (sequence(split(r"\p{L}+(?! )|\p{L}|\s+"), BYTES), Cuts()),
    "a space is no piece": (sequence(split(r"\p{L}+"), BYTES), Cuts()),
    "unknown syntax": (sequence(split(r"(?<=a)\p{L}+|\s+"), BYTES), Cuts()),
    "removes": (sequence(split(r"\s+", behavior="Removed"), BYTES), Cuts()),
    "metaspace": ({"type": "Metaspace", "replacement": "▁"}, Cuts()),
    "letters after line breaks": (
        sequence(split(r"[\r\n]\p{L}+|\p{L}+|\s*[\r\n]+|\s+(?!\S)|\s+"), BYTES),
        Cuts(True, False),
    ),
}


def document(**parts: Any) -> dict[str, Any]:
    return copy.deepcopy(BUNDLED.document) | parts


@pytest.mark.parametrize("name", PRE_TOKENIZERS)
def test_proof_by_pre_tokenizer(name: str) -> None:
    pre_tokenizer, expected = PRE_TOKENIZERS[name]
    assert proved_cuts(document(pre_tokenizer=pre_tokenizer, normalizer=None)) == expected


@pytest.mark.parametrize(
    ("parts", "proved"),
    [
        ({"normalizer": None}, True),
        ({"normalizer": {"type": "NFC"}}, True),
        ({"normalizer": {"type": "Sequence", "normalizers": []}}, True),
        ({"normalizer": {"type": "Lowercase"}}, False),
        ({"normalizer": {"type": "Prepend", "prepend": "▁"}}, False),
        ({"added_tokens": [added("<a>"), added("<ab>")]}, True),
        ({"added_tokens": [added("<a>", lstrip=True)]}, False),
        ({"added_tokens": [added("<a>", rstrip=True)]}, False),
        ({"added_tokens": [added("<a>", single_word=True)]}, False),
        ({"added_tokens": [added("a b")]}, False),
        ({"normalizer": None, "added_tokens": [added("<a>", normalized=True)]}, True),
        ({"normalizer": {"type": "NFC"}, "added_tokens": [added("a", normalized=True)]}, False),
        (
            {"normalizer": None, "added_tokens": [added("ab"), added("xa", normalized=True)]},
            False,
        ),
        ({"model": {"type": "WordPiece"}}, False),
        ({"model": {"type": "BPE", "dropout": 0.1}}, False),
    ],
    ids=str,
)
def test_proof_by_the_rest(parts: dict[str, Any], proved: bool) -> None:
    assert proved_cuts(document(**parts)).spaces is proved


def loaded(parts: dict[str, Any], folder: Path) -> LoadedTokenizer:
    path = folder / "tokenizer.json"
    path.write_bytes(orjson.dumps(document(**parts)))
    return load_tokenizer(path)


def memory(tokenizer: LoadedTokenizer, **options: Any) -> PieceMemory:
    lengths = byte_lengths(tokenizer)
    assert lengths is not None
    return PieceMemory(
        tokenizer.backend,
        [token["content"] for token in tokenizer.document["added_tokens"]],
        lengths,
        proved_cuts(tokenizer.document),
        normalizes=normalizes(tokenizer.document),
        **options,
    )


def check(tokenizer: LoadedTokenizer, pieces: PieceMemory, texts: list[str]) -> None:
    encodings = tokenizer.backend.encode_batch(texts, add_special_tokens=False)
    for _ in range(3):
        ids, counts = pieces.encode(texts)
        got = np.split(ids, np.cumsum(counts)[:-1])
        assert [own.tolist() for own in got] == [encoding.ids for encoding in encodings]


PIECES = [
    *["a", "Bc", "it's", "'LL", "1", "12345", "é", "e\u0301", "\u0301", "\u212b", "≯", "\u0338"],
    *["中", "文。", "😀", "\u200d", "\u200b", "\u00a0", "\u3000", "\u2028", "\x85", "\x1c", "\x00"],
    *["\n", "\n\n", "\r\n", "\t", "  ", "     ", ".", "//", "{", '"', "<", "<|", "|>", "_", "-"],
    *["<|im_end|>", "<|im_start|>", "<tool_call>", "</think>", "word" * 20, " " * 50],
]
TEXTS = st.lists(
    st.lists(
        st.one_of(st.just(" "), st.sampled_from(PIECES), st.characters(exclude_categories=["Cs"])),
        max_size=60,
    ).map("".join),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize(
    "name", [name for name, (_, cuts) in PRE_TOKENIZERS.items() if cuts.spaces]
)
@pytest.mark.parametrize("normalizer", [None, {"type": "NFC"}], ids=["raw", "NFC"])
def test_ids_equal_whole_text(name: str, normalizer: dict[str, str] | None, tmp_path: Path) -> None:
    parts = {"pre_tokenizer": PRE_TOKENIZERS[name][0], "normalizer": normalizer}
    tokenizer = loaded(parts, tmp_path)
    check(tokenizer, memory(tokenizer), probe(list(BUNDLED.special_tokens)))
    pieces = memory(tokenizer)

    @settings(max_examples=60, deadline=None)
    @given(TEXTS)
    def on_random_texts(texts: list[str]) -> None:
        check(tokenizer, pieces, texts)

    on_random_texts()


def test_forgetting_changes_nothing() -> None:
    pieces = memory(BUNDLED, limit_bytes=0)
    check(BUNDLED, pieces, probe(list(BUNDLED.special_tokens)))

    @settings(max_examples=100, deadline=None)
    @given(TEXTS)
    def on_random_texts(texts: list[str]) -> None:
        check(BUNDLED, pieces, texts)

    on_random_texts()


def test_a_wrong_memory_is_found_and_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled(name: str, **options: Any) -> tuple[list[list[int]], int]:
        source = str(sample_dir() / "openai.jsonl")
        values = {"sources": [source], "tokenizer": "bundled", "template": "chatml"} | options
        manifest = compile_recipe(make_recipe(values), tmp_path / name)
        ids = [row["input_ids"].tolist() for row in ShardDataset(tmp_path / name)]
        return ids, manifest.sources[0].warnings["tokens_differ"]

    right, differing = compiled("right", verify_tokens=1)
    assert right and differing == 0
    encode = PieceMemory.encode

    def wrong(self: PieceMemory, texts: Any) -> Any:
        ids, counts = encode(self, texts)
        return (ids[::-1].copy() if len(texts) > 1 or len(ids) > 60 else ids), counts

    monkeypatch.setattr(PieceMemory, "encode", wrong)
    ids, differing = compiled("found by the probe")
    assert ids == right and differing == len(right)
    monkeypatch.setattr(Encoder, "_is_right", lambda self, fast: True)
    ids, differing = compiled("found in a row", verify_tokens=1)
    assert ids == right and differing == len(right)


NAMES = {
    "deepseek-v3": Cuts(True, True),
    "deepseek-v4": Cuts(True, True),
    "glm-4.6": Cuts(True, True),
    "gpt-oss": Cuts(True, True),
    "mistral-7b-v0.1-spm-legacy": Cuts(),
    "mistral-7b-v0.3-metaspace": Cuts(),
    "mistral-nemo-tekken": Cuts(True, True),
    "qwen2.5": Cuts(True, True),
    "qwen3": Cuts(True, True),
    "smollm2": Cuts(True, False),
    "yi-6b-spm": Cuts(),
}


@pytest.mark.parity
@pytest.mark.parametrize("name", NAMES)
def test_real_tokenizers(shared: Path, name: str) -> None:
    tokenizer = load_tokenizer(shared / "tokenizers" / name)
    assert proved_cuts(tokenizer.document) == NAMES[name]
    if not NAMES[name].spaces:
        return
    contents = [token["content"] for token in tokenizer.document["added_tokens"]]
    pieces = memory(tokenizer)
    check(tokenizer, pieces, probe(contents))

    @settings(max_examples=100, deadline=None)
    @given(TEXTS)
    def on_random_texts(texts: list[str]) -> None:
        check(tokenizer, pieces, texts)

    on_random_texts()
