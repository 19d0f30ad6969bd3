"""Tells whether the tokens of a text's beginning are how the tokens of the whole text begin."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from agentdata.templates.prompt import Prompt, Segment
from agentdata.tokenization.encode import Encoder
from agentdata.tokenization.tokens import Tokens

_REMEMBERED = 4096


class PrefixCheck:
    """Compares the tokens of prompts' beginnings with one encoder.

    Nothing has to be encoded where a beginning ends at a place at which cutting is proved to change
    no token. An added token splits a text before anything else happens to it, so what stands before
    it never changes the tokens behind. Hence only the tail of a beginning, from its last added
    token or such a place on, has to be encoded by itself; tails are few (the head of the model's
    turn) and remembered.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        added = encoder.tokenizer.document.get("added_tokens") or []
        # Tokens with these flags may depend on what stands beside them.
        plain = [
            token["id"]
            for token in added
            if not (token.get("single_word") or token.get("lstrip"))
            and token["content"] != encoder.tokenizer.document["model"].get("unk_token")
        ]
        self._added = np.zeros(encoder.tokenizer.vocab_size, bool)
        self._added[plain] = True
        self._tails: dict[tuple[tuple[str, bool], ...], list[int]] = {}

    def hold(
        self, prompt: Prompt, rows: Sequence[Tokens], number: int, ends: Sequence[int]
    ) -> list[bool]:
        """For each of `ends`: whether the tokens of the prompt's first so many characters are how
        `rows[number]`, those of the whole prompt, begin."""
        if not ends:
            return []
        text, cuts = prompt.text, self._encoder.cuts
        known_cuts = [end == len(text) or (end > 0 and cuts.at(text, end)) for end in ends]
        if all(known_cuts):
            return known_cuts
        tokens = rows[number]
        added = np.flatnonzero(self._added[tokens.ids])
        counts = tokens.starts.searchsorted(ends).tolist()
        places = [0, *prompt.ends]
        held = []
        for end, count, is_cut in zip(ends, counts, known_cuts, strict=True):
            if is_cut:
                held.append(True)
                continue
            if count and int(tokens.ends[count - 1]) > end:
                held.append(False)
                continue
            known = int(added.searchsorted(count))
            first = int(added[known - 1]) if known else 0
            start = int(tokens.starts[first]) if known else 0
            if (cut := cuts.last(text, start, end)) > start:
                start, first = cut, int(tokens.starts.searchsorted(cut))
            tail = _cut(prompt.segments, places, start, end)
            held.append(self._encoded(tail) == tokens.ids[first:count].tolist())
        return held

    def _encoded(self, tail: tuple[Segment, ...]) -> list[int]:
        key = tuple((segment.text, segment.control) for segment in tail)
        found = self._tails.get(key)
        if found is None:
            found = self._encoder.encode(Prompt(tail)).ids.tolist()
            if len(self._tails) < _REMEMBERED:
                self._tails[key] = found
        return found


def _cut(
    segments: Sequence[Segment], places: Sequence[int], start: int, end: int
) -> tuple[Segment, ...]:
    """The segments of characters [start, end); `places` are where segments begin, and the end."""
    out = []
    for index in range(max(bisect_right(places, start) - 1, 0), len(segments)):
        if places[index] >= end:
            break
        text = segments[index].text[max(start - places[index], 0) : end - places[index]]
        if text:
            out.append(replace(segments[index], text=text))
    return tuple(out)
