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


def spans_from_bytes(
    text: str,
    shifts: npt.NDArray[np.int64],
    borders: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
) -> Spans | None:
    """First and last characters (starts, ends: int64[n]) of the tokens of a text, from the byte
    `lengths` int64[n] of all tokens; None if they do not add up to the text. The text is several
    behind one another: `shifts` int64[rows + 1] are the characters where they begin, `borders`
    int64[rows + 1] likewise the tokens, both with the end of all."""
    places = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=places[1:])
    if text.isascii():
        return (places[:-1], places[1:]) if np.array_equal(places[borders], shifts) else None
    raw = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.int8)
    # How many characters begin before each byte: they do at all but those of form 10xxxxxx.
    begun = np.zeros(len(raw) + 1, np.int32)
    np.cumsum(raw >= -64, out=begun[1:])
    # What begins at the end begins with nothing behind it.
    whole = np.append(begun.searchsorted(shifts[:-1] + 1) - 1, len(raw))
    if not np.array_equal(places[borders], whole):
        return None
    # A token that begins inside a character has all of it.
    starts, ends = begun[places[:-1] + 1], begun[places[1:]]
    return starts.astype(np.int64) - 1, ends.astype(np.int64)


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


def _byte_characters() -> dict[str, int]:
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in set(shown)]
    return {chr(byte): byte for byte in shown} | {
        chr(0x100 + number): byte for number, byte in enumerate(hidden)
    }


BYTE_CHARACTERS = _byte_characters()
"""{character: the byte that stands for it} (GPT-2's table)."""
