"""Where tokens end, from the number of bytes each stands for: a sum, not a list of offsets."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from agentdata.tokenization.cuts import is_nfc_at_most
from agentdata.tokenization.tokenizer import LoadedTokenizer

Spans = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


def byte_lengths(tokenizer: LoadedTokenizer) -> npt.NDArray[np.int64] | None:
    """int64[vocab_size]: the bytes each token stands for; None where the vocabulary is not
    byte-level, where added tokens may swallow the white space beside them, or where more than NFC
    may change a text."""
    document = tokenizer.document
    if not is_nfc_at_most(document.get("normalizer")):
        return None
    if not is_byte_level(document) or not isinstance(document["model"].get("vocab"), dict):
        return None
    added = {token["id"]: token for token in document.get("added_tokens") or []}
    if any(token.get("lstrip") or token.get("rstrip") for token in added.values()):
        return None
    lengths = np.zeros(tokenizer.vocab_size, np.int64)
    vocabulary = document["model"]["vocab"]
    # In a byte-level vocabulary every character of a token is one byte (GPT-2's table).
    numbers = np.fromiter(vocabulary.values(), np.int64, len(vocabulary))
    lengths[numbers] = np.fromiter(map(len, vocabulary), np.int64, len(vocabulary))
    for number, token in added.items():
        lengths[number] = len(token["content"].encode())
    return lengths


def spans_from_bytes(text: str, lengths: npt.NDArray[np.int64]) -> Spans | None:
    """First and last characters (starts, ends: int64[n]) of tokens of these byte lengths; None if
    they do not add up to the text."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    if text.isascii():
        return (ends - lengths, ends) if total == len(text) else None
    raw = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    if total != len(raw):
        return None
    # The character that each byte belongs to: a byte 10xxxxxx goes on with the one before.
    character = np.cumsum((raw & 0xC0) != 0x80) - 1
    return character[ends - lengths], character[ends - 1] + 1


def is_byte_level(document: dict[str, Any]) -> bool:
    """Whether the characters of every token of a vocabulary stand for one byte each."""

    def kinds(part: object) -> list[dict[str, object]]:
        if not isinstance(part, dict):
            return []
        inner = part.get("pretokenizers") or part.get("decoders") or []
        assert isinstance(inner, list)
        return [part, *inner]

    before = [p for p in kinds(document.get("pre_tokenizer")) if p.get("type") == "ByteLevel"]
    after = [p for p in kinds(document.get("decoder")) if p.get("type") == "ByteLevel"]
    return bool(before and after) and not any(p.get("add_prefix_space") for p in before)
