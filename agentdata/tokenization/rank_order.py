"""A faster engine for byte-level vocabularies whose merges are in the order of their ids.

`tiktoken` joins the neighbours whose joined bytes have the lowest id; `tokenizers` follows the list
of merges. The two do the same for every text if

1. the list is in the order of the ids it makes, and each merge makes an id above its parts', and
2. the list alone puts every token together from the bytes of that token.

By induction over the ids: let both be the same with merges below id c. Where neighbours would make
c, nothing crossed their borders, so they are what the bytes of c become by merges below c; by 2,
and since parts have lower ids, that is the pair of a merge in the list.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import orjson
import tiktoken
from tokenizers import Tokenizer

from agentdata.tokenization.cuts import GPT2_PATTERN

SAFE = re.compile(
    r"[\t\n\r\x20-\x7e\xa1-\xac\xae-\xff\u0410-\u044f\u2013-\u2022\u2026\u3001\u3002\u3008-\u3011"
    r"\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3\uff01-\uff5e]*"
)
"""Texts of characters whose properties no version of Unicode ever changed, and that no normalizer
to NFC changes: regex engines agree on them."""


def rank_order_engine(document: dict[str, Any]) -> tiktoken.Encoding | None:
    """The engine for the model and the pattern of this tokenizer.json, for `SAFE` texts without
    added tokens; None where it is not proved that it gives the same tokens. Takes about a second.
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
    if not _in_order(model["merges"], ids) or not _reachable(document, ids):
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


def _in_order(merges: list[Any], ids: dict[str, int]) -> bool:
    made = []
    for merge in merges:
        left, right = merge.split(" ") if isinstance(merge, str) else merge
        number = ids.get(left + right, -1)
        if number <= max(ids.get(left, number), ids.get(right, number)):
            return False
        made.append(number)
    return all(before <= after for before, after in pairwise(made))


def _reachable(document: dict[str, Any], ids: dict[str, int]) -> bool:
    """Whether the merges put every token together from its bytes."""
    bare = {
        "version": document.get("version", "1.0"),
        "added_tokens": [],
        "normalizer": None,
        # No byte is written as white space in such a vocabulary.
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
        "model": document["model"] | {"ignore_merges": False},
    }
    alone = Tokenizer.from_str(orjson.dumps(bare).decode())
    tokens = list(ids)
    for start in range(0, len(tokens), 4096):
        some = tokens[start : start + 4096]
        if alone.encode(" ".join(some)).ids != [ids[token] for token in some]:
            return False
    return True


def _byte_characters() -> dict[str, int]:
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in set(shown)]
    return {chr(byte): byte for byte in shown} | {
        chr(0x100 + number): byte for number, byte in enumerate(hidden)
    }


BYTE_CHARACTERS = _byte_characters()
"""{character: the byte that stands for it} (GPT-2's table)."""
