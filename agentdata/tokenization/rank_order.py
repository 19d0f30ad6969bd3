"""A faster engine for byte-level vocabularies whose merges are in the order of their ids.

`tiktoken` joins the neighbours whose joined bytes have the lowest id; `tokenizers` follows the list
of merges. The two do the same for every text if

1. the list is in the order of the ids it makes, and each merge makes an id above its parts', and
2. the list alone puts every token together from the bytes of that token.

By induction over the ids: let both be the same with merges below id c. Where neighbours would make
c, nothing crossed their borders, so they are what the bytes of c become by merges below c; by 2,
and since parts have lower ids, that is the pair of a merge in the list.

2 holds for a token if it holds for both parts of a merge that makes it and, before they are whole,
no merge joins a piece of one with a piece of the other. By 1 merges happen in the order of the
list, so the last piece of the left part stands at the border until the merge that swallows it
comes, and so does the first of the right part. One that joins the two pieces must come later than
either; where it is the merge that swallows the left piece, that one stands before it and goes
first.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import tiktoken

from agentdata.tokenization.cuts import GPT2_PATTERN

SAFE = re.compile(
    r"[\t\n\r\x20-\x7e\xa1-\xac\xae-\xff\u0410-\u044f\u2013-\u2022\u2026\u3001\u3002\u3008-\u3011"
    r"\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3\uff01-\uff5e]*"
)
"""Texts of characters whose properties no version of Unicode ever changed, and that no normalizer
to NFC changes: regex engines agree on them."""


def rank_order_engine(document: dict[str, Any]) -> tiktoken.Encoding | None:
    """The engine for the model and the pattern of this tokenizer.json, for `SAFE` texts without
    added tokens; None where it is not proved that it gives the same tokens. Takes half a second.
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
    """Whether 1 and 2 are proved of these merges and tokens."""
    if _merges(merges[:_FEW], ids) is None:
        return False
    known = _merges(merges, ids)
    return known is not None and _reachable(*known, ids)


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


_FEW = 4096  # of merges tell at once of most vocabularies that are not in order
_Ids = npt.NDArray[np.int64]


def _merges(merges: list[Any], ids: dict[str, int]) -> tuple[_Ids, _Ids, _Ids] | None:
    """int64[n]: the ids of both parts of each merge and of what it makes; None if 1 fails."""
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in merges]
    try:
        lefts = np.array([ids[left] for left, _ in pairs], np.int64)
        rights = np.array([ids[right] for _, right in pairs], np.int64)
        made = np.array([ids[left + right] for left, right in pairs], np.int64)
    except (KeyError, ValueError):
        return None
    in_order = (made > np.maximum(lefts, rights)).all() and (made[1:] >= made[:-1]).all()
    return (lefts, rights, made) if in_order else None


def _reachable(lefts: _Ids, rights: _Ids, made: _Ids, ids: dict[str, int]) -> bool:
    """Whether the merges put every token together from its bytes."""
    size = max(ids.values(), default=-1) + 1
    # Where several merges make a token, the first: it is enough to find one.
    merge_of = np.full(size, -1)
    merge_of[made[::-1]] = np.arange(len(made))[::-1]
    whole = np.array([number for token, number in ids.items() if len(token) > 1], np.int64)
    keys = lefts * size + rights
    order = np.argsort(keys)
    keys = keys[order]
    if not len(keys) or (merge_of[whole] < 0).any() or (keys[1:] == keys[:-1]).any():
        return False
    # Pieces next to the border from both sides, each with the merge that swallows it.
    merge = merge_of[whole]
    left, left_until, first, first_until = lefts[merge], merge, rights[merge], merge
    while len(left):
        at, at_until, right, right_until = left, left_until, first, first_until
        while len(right):
            pair = at * size + right
            places = np.minimum(np.searchsorted(keys, pair), len(keys) - 1)
            joins = np.where(keys[places] == pair, order[places], len(order))
            if ((joins < at_until) & (joins <= right_until)).any():
                return False
            inner = np.flatnonzero(merge_of[right] >= 0)
            at, at_until, right_until = at[inner], at_until[inner], merge_of[right[inner]]
            right = lefts[right_until]
        inner = np.flatnonzero(merge_of[left] >= 0)
        first, first_until, left_until = first[inner], first_until[inner], merge_of[left[inner]]
        left = rights[left_until]
    return True


def _byte_characters() -> dict[str, int]:
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in set(shown)]
    return {chr(byte): byte for byte in shown} | {
        chr(0x100 + number): byte for number, byte in enumerate(hidden)
    }


BYTE_CHARACTERS = _byte_characters()
"""{character: the byte that stands for it} (GPT-2's table)."""
