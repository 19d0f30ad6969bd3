"""The bytes of tokens, and the text that they add up to."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdata.assets import tokenizer_dir
from agentdata.show.pieces import Pieces, decoded
from agentdata.tokenization import Encoder, load_tokenizer

BUNDLED = load_tokenizer(tokenizer_dir())


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_pieces_add_up_to_the_text(text: str) -> None:
    text = unicodedata.normalize("NFC", text)  # as the tokenizer does
    tokens = Encoder(BUNDLED).encode_text(text)
    pieces = Pieces(BUNDLED).of(tokens.ids.tolist())
    assert b"".join(pieces) == text.encode()
    found = decoded(pieces)
    assert found.text == text
    np.testing.assert_array_equal(found.starts, tokens.starts)
    np.testing.assert_array_equal(found.ends, tokens.ends)


@pytest.mark.parametrize(
    ("pieces", "text", "spans"),
    [
        ([], "", []),
        ([b"a", b"bc"], "abc", [(0, 1), (1, 3)]),
        ([b"\xe4\xbd", b"\xa0"], "你", [(0, 1), (0, 1)]),
        ([b"x\xe4", b"\xbd\xa0y"], "x你y", [(0, 2), (1, 3)]),
        ([b"\xbd\xa0", b"y"], "\udcbd\udca0y", [(0, 2), (2, 3)]),  # cut within a character
        ([b"a", b"", b"b"], "ab", [(0, 1), (1, 1), (1, 2)]),
    ],
)
def test_where_pieces_stand(pieces: list[bytes], text: str, spans: list[tuple[int, int]]) -> None:
    found = decoded(pieces)
    assert found.text == text
    assert list(zip(found.starts.tolist(), found.ends.tolist(), strict=True)) == spans
