"""The bytes that each token stands for, told by the tokenizer's own tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agentdata.tokenization import LoadedTokenizer
from agentdata.tokenization.byte_lengths import BYTE_CHARACTERS, is_byte_level

_SPACE = "▁"


class Pieces:
    """Tokens of one tokenizer by number, each as the bytes it stands for."""

    def __init__(self, tokenizer: LoadedTokenizer) -> None:
        self._backend = tokenizer.backend
        self._byte_level = is_byte_level(tokenizer.document)
        added = tokenizer.document.get("added_tokens") or []
        self._known = {int(t["id"]): str(t["content"]).encode() for t in added}

    def of(self, ids: Sequence[int]) -> list[bytes]:
        """The bytes of each token. A number that the tokenizer does not have is none."""
        return [self._piece(number) for number in ids]

    def _piece(self, number: int) -> bytes:
        known = self._known.get(number)
        if known is None:
            token = self._backend.id_to_token(number) or ""
            known = self._known[number] = self._bytes(token)
        return known

    def _bytes(self, token: str) -> bytes:
        if self._byte_level:
            return bytes(BYTE_CHARACTERS.get(character, 0x3F) for character in token)
        if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
            return bytes.fromhex(token[3:5])
        return token.replace(_SPACE, " ").encode()


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text put together from tokens: the characters [`starts`, `ends`) int64[n] of each. A byte
    that is no UTF-8 is a lone surrogate, as by `surrogateescape`."""

    text: str
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


def decoded(pieces: Sequence[bytes]) -> Decoded:
    """The text of tokens, and where each stands in it.

    >>> decoded([b"caf", b"\\xc3", b"\\xa9"]).ends.tolist()
    [3, 4, 4]
    """
    text = b"".join(pieces).decode("utf-8", "surrogateescape")
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    escaped = (points >= 0xDC80) & (points <= 0xDCFF)
    lengths = 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)
    character_ends = np.cumsum(np.where(escaped, 1, lengths))
    sizes = np.fromiter(map(len, pieces), np.int64, len(pieces))
    last = np.cumsum(sizes)
    starts = np.searchsorted(character_ends, last - sizes, side="right")
    ends = np.searchsorted(character_ends, last, side="left") + (sizes > 0)
    return Decoded(text, starts.astype(np.int64), np.maximum(ends, starts).astype(np.int64))
