"""Texts that tell tokenizers apart, to hold the engine against `tokenizers`.

    python tests/engine_cases.py

Holds it so with every character there is and thousands of random texts, for the bundled tokenizer
and those of the reference data; some minutes. Ends with 1 if any ids differ.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agentdata.assets import tokenizer_dir
from agentdata.tokenization import LoadedTokenizer, load_tokenizer
from agentdata.tokenization.engine import Engine, load_engine
from agentdata.tokenization.probe import probe

SURROUNDINGS = "a{0}b 1{0}2 {0}{0} '{0}\n{0}s  {0}. "
"""A character beside those of every class that patterns tell apart."""


def added(tokenizer: LoadedTokenizer) -> list[str]:
    return [token["content"] for token in tokenizer.document["added_tokens"]]


def check(tokenizer: LoadedTokenizer, engine: Engine, texts: Sequence[str]) -> None:
    encodings = tokenizer.backend.encode_batch(list(texts), add_special_tokens=False)
    ids, counts = engine.encode(texts)
    assert (ids.dtype, counts.dtype) == (np.int32, np.int64)
    got = np.split(ids, np.cumsum(counts)[:-1])
    assert [own.tolist() for own in got] == [encoding.ids for encoding in encodings]


def check_many(tokenizer: LoadedTokenizer, engine: Engine, examples: int, step: int) -> None:
    """Nasty texts, so many random ones, and every so manieth character there is."""
    check(tokenizer, engine, probe(added(tokenizer)))
    points = [p for p in range(sys.maxunicode + 1) if p < 0x32000 or p >= 0xE0000]
    points = [p for p in points[::step] if not 0xD800 <= p < 0xE000]
    lines = [SURROUNDINGS.format(chr(point)) for point in points]
    check(tokenizer, engine, ["".join(lines[at : at + 64]) for at in range(0, len(lines), 64)])
    pieces = st.one_of(
        st.sampled_from(
            [*added(tokenizer), " ", "  ", "\n", "\r\n", "'s", "12", "e\u0301", "中", "😀"]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    )

    @settings(max_examples=examples, deadline=None)
    @given(st.lists(st.lists(pieces, max_size=30).map("".join), min_size=1, max_size=4))
    def on_random_texts(texts: list[str]) -> None:
        check(tokenizer, engine, texts)

    on_random_texts()


def main() -> int:
    shared = Path(os.environ.get("AGENTDATA_SHARED", Path(__file__).parents[2] / "shared"))
    differing = []
    folders = [tokenizer_dir(), *sorted((shared / "tokenizers").glob("*/"))]
    for folder in folders:
        tokenizer = load_tokenizer(folder)
        engine = load_engine(tokenizer.document)
        try:
            if engine is not None:
                check_many(tokenizer, engine, examples=5000, step=1)
        except AssertionError as error:
            print(f"{folder.name}: {error}", file=sys.stderr)
            differing.append(folder.name)
    print(json.dumps({"tokenizers": len(folders), "differing": differing}))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
