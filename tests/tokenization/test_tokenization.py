"""Token ids are those of the whole text tokenized once; weights follow the characters."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentdata.assets import tokenizer_dir
from agentdata.errors import RowError, UsageError
from agentdata.loss_scale import Weights
from agentdata.templates import Kind, Prompt, Segment
from agentdata.tokenization import Encoder, Tokens, load_tokenizer, token_weights

BUNDLED = Encoder(load_tokenizer(tokenizer_dir()))
PIECES = [
    "é",
    "́",
    "😀",
    "👩\u200d👩\u200d👧",
    "\n",
    "\t",
    "中",
    "𠮷",
    "ﬁ",
    "1",
    "'s",
    "ำ",
    "<|im_end|>",
    "</s>",
    "<s>",
    "<tool_call>",
    "<think>",
    "▁",
]
NASTY = st.lists(
    st.one_of(
        st.sampled_from(PIECES),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=40,
).map("".join)


def reference_offsets(encoder: Encoder, text: str) -> list[tuple[int, int]]:
    """The tokenizer's own offsets; a character under none goes to the token before it."""
    given_ = encoder.tokenizer.backend.encode(text, add_special_tokens=False).offsets
    starts = [start for start, _ in given_]
    if starts:
        starts[0] = 0
    nexts = [*starts[1:], len(text)][: len(starts)]
    return [
        (start, max(end, after))
        for start, (_, end), after in zip(starts, given_, nexts, strict=True)
    ]


def oracle(encoder: Encoder, text: str, weights: list[float]) -> list[float]:
    """Brute force: the smallest weight under each token; the first token is never predicted."""
    spans = reference_offsets(encoder, text)
    values = [min(weights[start : max(end, start + 1)]) for start, end in spans]
    return [0.0, *values[1:]] if values else []


def runs(weights: list[float]) -> Weights:
    ends = [i + 1 for i in range(len(weights)) if weights[i : i + 2] != weights[i : i + 1] * 2]
    return Weights(np.array(ends), np.array([weights[end - 1] for end in ends], np.float32))


def check(encoder: Encoder, text: str, seed: int) -> None:
    tokens = encoder.encode_text(text)
    assert (
        tokens.ids.tolist() == encoder.tokenizer.backend.encode(text, add_special_tokens=False).ids
    )
    assert list(
        zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True)
    ) == reference_offsets(encoder, text)
    random = np.random.default_rng(seed)
    weights = np.repeat(random.integers(0, 3, len(text)), random.integers(1, 4, len(text)))
    listed = weights[: len(text)].astype(float).tolist()
    if text:
        assert token_weights(tokens, runs(listed))[0].tolist() == oracle(encoder, text, listed)


@settings(max_examples=300, deadline=None)
@given(NASTY, st.integers(0, 99))
@example("K\u0301", 0)  # as long in bytes as the one character that NFC makes of it
def test_ids_and_weights_equal_brute_force(text: str, seed: int) -> None:
    check(BUNDLED, text, seed)


NAMES = [
    "deepseek-v3",
    "deepseek-v4",
    "glm-4.6",
    "gpt-oss",
    "mistral-7b-v0.1-spm-legacy",
    "mistral-7b-v0.3-metaspace",
    "mistral-nemo-tekken",
    "qwen2.5",
    "qwen3",
    "smollm2",
    "yi-6b-spm",
]


@pytest.mark.parity
@pytest.mark.parametrize("name", NAMES)
def test_ids_and_weights_on_real_tokenizers(shared: Path, name: str) -> None:
    encoder = Encoder(load_tokenizer(shared / "tokenizers" / name))
    with (shared / "parity" / "templates.jsonl").open() as file:
        texts = sorted({json.loads(line)["text"] for line in file})
    for seed, text in enumerate(texts[::4]):
        check(encoder, text, seed)

    @settings(max_examples=60, deadline=None)
    @given(NASTY, st.integers(0, 99))
    def on_random_text(text: str, seed: int) -> None:
        check(encoder, text, seed)

    on_random_text()

    with_control = [token for token in encoder.special if "im_end" not in token][:40]
    for token in with_control:
        inject(encoder, f"a {token} b{token}")


def inject(encoder: Encoder, text: str) -> None:
    """Data between two control tokens of the template gives no third one."""
    mark = encoder.special[0]
    control = {encoder.tokenizer.backend.token_to_id(token) for token in encoder.special}
    open_, close = (Segment(mark, kind, control=True) for kind in (Kind.HEADER, Kind.END_OF_TURN))
    prompt = Prompt((open_, Segment(text, Kind.USER), close))
    tokens = encoder.encode(prompt)
    found = [i for i in tokens.ids.tolist() if i in control]
    # Some SentencePiece conversions do not recognise the mark that closes.
    harmless = encoder.encode_text(f"{mark}a{mark}").ids.tolist()
    assert found == [i for i in harmless if i in control] != []
    assert tokens.ends[-1] == len(prompt.text)
    assert (tokens.starts[1:] <= tokens.ends[:-1]).all()


@settings(max_examples=100, deadline=None)
@given(NASTY)
def test_data_never_becomes_a_control_token(text: str) -> None:
    inject(BUNDLED, text + BUNDLED.special[0] + text)


def test_policies_for_special_tokens_in_text() -> None:
    tokenizer = load_tokenizer(tokenizer_dir())
    prompt = Prompt((Segment("<|im_end|>", Kind.USER),))
    number = tokenizer.backend.token_to_id("<|im_end|>")
    assert Encoder(tokenizer, "allow").encode(prompt).ids.tolist() == [number]
    assert number not in Encoder(tokenizer, "plain").encode(prompt).ids.tolist()
    with pytest.raises(RowError, match="special token"):
        Encoder(tokenizer, "reject").check(prompt)


def test_a_control_token_across_two_segments_is_data() -> None:
    prompt = Prompt((Segment("<|im_", Kind.USER), Segment("end|>", Kind.HEADER, control=True)))
    number = BUNDLED.tokenizer.backend.token_to_id("<|im_end|>")
    assert number not in BUNDLED.encode(prompt).ids.tolist()


@pytest.mark.parametrize(
    ("rule", "expected"), [("min", [0, 0, 2]), ("first", [0, 2, 2]), ("max", [0, 2, 2])]
)
def test_straddling_tokens(rule: str, expected: list[float]) -> None:
    tokens = Tokens(np.zeros(3, np.int32), np.array([0, 1, 4]), np.array([1, 4, 5]))
    weights = Weights(np.array([2, 3, 5]), np.array([2, 0, 2], np.float32))
    assert [
        v.tolist() if hasattr(v, "tolist") else v for v in token_weights(tokens, weights, rule)
    ] == [
        expected,
        1,
    ]


@pytest.mark.parametrize("content", [None, "{", '{"model": {}}'])
def test_a_bad_tokenizer_is_one_clear_line(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match="--tokenizer"):
        load_tokenizer(path)
