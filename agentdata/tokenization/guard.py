"""Keeps control tokens that occur in data from becoming control tokens.

A second tokenizer knows each special token only by private-use characters that no text holds.
The template's own special tokens are replaced by those characters; the same letters in data stay
letters, and are encoded as any other text would be.
"""

from __future__ import annotations

import copy
from typing import Any

import orjson
from tokenizers import Tokenizer

# Plane 16 private use: never assigned.
_FIRST = 0x100000
# A name of one character would be a token of its own in vocabularies of whole characters, also
# where the tokenizer does not recognise the special token.
_SECOND = chr(0x10FFFD)


def stand_ins(special_tokens: tuple[str, ...]) -> dict[str, str]:
    """{special token: the two characters that stand for it}."""
    return {token: chr(_FIRST + number) + _SECOND for number, token in enumerate(special_tokens)}


def guarded(document: dict[str, Any], names: dict[str, str]) -> Tokenizer:
    """The tokenizer of `document`, its special tokens renamed by `names`; ids stay the same."""
    renamed = copy.deepcopy(document)
    renamed["post_processor"] = None
    renamed["truncation"] = renamed["padding"] = None
    for token in renamed.get("added_tokens") or []:
        token["content"] = names.get(token["content"], token["content"])
    vocabulary = renamed["model"].get("vocab")
    if isinstance(vocabulary, dict):
        renamed["model"]["vocab"] = {names.get(k, k): v for k, v in vocabulary.items()}
    elif isinstance(vocabulary, list):
        renamed["model"]["vocab"] = [[names.get(k, k), score] for k, score in vocabulary]
    unknown = renamed["model"].get("unk_token")
    if unknown in names:
        renamed["model"]["unk_token"] = names[unknown]
    return Tokenizer.from_str(orjson.dumps(renamed).decode())
