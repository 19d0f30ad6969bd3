"""A faster engine for byte-level vocabularies whose merges are in the order of their ids.

`tiktoken` joins the neighbours whose joined bytes have the lowest id, `tokenizers` those that come
first in the list of merges. Call a merge proper if what it makes has a higher id than both parts.
The two give the same for every text if

1. the list is in the order of the ids it makes, and
2. its proper merges alone put every token together from the bytes of that token.

Let both have been the same up to some moment, by proper merges only, and let neighbours make c by
either way. Nothing has crossed the borders of the bytes of c, so what happened between them is how
these bytes begin to be put together by themselves; with two tokens left, the next merge must be the
one that 2 ends with: a proper one of the list, the same wherever c can be made. So both have the
same merges to choose from, take those with the lowest id, all of them one merge, and of these the
leftmost.

Source of the two ways: the algorithms of `tiktoken` (byte_pair_encode) and `tokenizers` (BPE).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import tiktoken
from tokenizers import Tokenizer, models

from agentdata.tokenization.cuts import GPT2_PATTERN

SAFE = re.compile(
    r"[\t\n\r\x20-\x7e\xa1-\xac\xae-\xff\u0410-\u044f\u2013-\u2022\u2026\u3001\u3002\u3008-\u3011"
    r"\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3\uff01-\uff5e]*"
)
"""Texts of characters whose properties no version of Unicode ever changed, and that no normalizer
to NFC changes: regex engines agree on them."""


def rank_order_engine(document: dict[str, Any]) -> tiktoken.Encoding | None:
    """The engine for the model and the pattern of this tokenizer.json, for `SAFE` texts without
    added tokens; None where it is not proved that it gives the same tokens. Takes a second or two.
    """
    model = document["model"]
    pattern = _only_pattern(document.get("pre_tokenizer"))
    plain = not any(
        model.get(key)
        for key in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")
    )
    if pattern is None or not plain or model.get("type", "BPE") != "BPE":
        return None
    added = {token["content"] for token in document.get("added_tokens") or []}
    ids = {token: number for token, number in model["vocab"].items() if token not in added}
    if not in_rank_order(model["merges"], ids):
        return None
    try:
        ranks = {
            bytes(map(BYTE_CHARACTERS.__getitem__, token)): number for token, number in ids.items()
        }
        if any(bytes([byte]) not in ranks for byte in range(256)):
            return None
        return tiktoken.Encoding(
            "rank_order", pat_str=pattern, mergeable_ranks=ranks, special_tokens={}
        )
    except (KeyError, ValueError):
        return None


def in_rank_order(merges: list[Any], ids: dict[str, int]) -> bool:
    """Whether 1 and 2 are true of these merges and tokens."""
    if _proper(merges[:_FEW], ids) is None or (proper := _proper(merges, ids)) is None:
        return False
    backend = Tokenizer(models.BPE(vocab=ids, merges=proper))
    tokens = list(ids)
    for start in range(0, len(tokens), _FEW):
        some = tokens[start : start + _FEW]
        encodings = backend.encode_batch_fast(some, add_special_tokens=False)
        if any(len(encoding.ids) != 1 for encoding in encodings):
            return False
    return True


_FEW = 4096  # of merges tell at once of most vocabularies that are not in order


def _proper(merges: list[Any], ids: dict[str, int]) -> list[tuple[str, str]] | None:
    """The proper merges; None if 1 is not true."""
    pairs = [tuple(merge.split(" ") if isinstance(merge, str) else merge) for merge in merges]
    try:
        made = [ids[left + right] for left, right in pairs]
        highest = [max(ids[left], ids[right]) for left, right in pairs]
    except (KeyError, ValueError):
        return None
    if any(after < before for before, after in pairwise(made)):
        return None
    return [pair for pair, own, part in zip(pairs, made, highest, strict=True) if own > part]


def _only_pattern(pre_tokenizer: dict[str, Any] | None) -> str | None:
    """The pattern that splits texts, where there is one and nothing else."""
    part = pre_tokenizer or {}
    parts = part.get("pretokenizers", [part])
    if parts[-1].get("type") != "ByteLevel" or parts[-1].get("add_prefix_space"):
        return None
    whole = parts[-1].get("use_regex", True)
    if len(parts) == 1:
        return GPT2_PATTERN if whole else None
    if len(parts) != 2 or whole or parts[0].get("type") != "Split":
        return None
    if parts[0].get("behavior") != "Isolated" or parts[0].get("invert"):
        return None
    pattern = (parts[0].get("pattern") or {}).get("Regex")
    return pattern if isinstance(pattern, str) else None


def _byte_characters() -> dict[str, int]:
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in set(shown)]
    return {chr(byte): byte for byte in shown} | {
        chr(0x100 + number): byte for number, byte in enumerate(hidden)
    }


BYTE_CHARACTERS = _byte_characters()
"""{character: the byte that stands for it} (GPT-2's table)."""
