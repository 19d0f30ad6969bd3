"""Prompts to token ids: the tokenizer runs once over the whole text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt
import tokenizers

from agentdata.errors import RowError, UsageError
from agentdata.templates.prompt import Prompt
from agentdata.tokenization.byte_lengths import byte_lengths, spans_from_bytes
from agentdata.tokenization.cuts import Cuts, normalizes, proved_cuts
from agentdata.tokenization.guard import guarded, stand_ins
from agentdata.tokenization.pieces import PieceMemory
from agentdata.tokenization.probe import probe
from agentdata.tokenization.rank_order import rank_order_engine
from agentdata.tokenization.tokenizer import LoadedTokenizer

POLICIES = ("plain", "reject", "allow")
_PLACED_CHARS = 1_000_000
"""Texts of about so many characters are placed at once; that takes some ten bytes for each."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text's tokens: `ids` int32[n], and the characters [`starts`, `ends`) int64[n] of each.

    Tokens that share a character (a split emoji) share its place. Every character lies under
    some token: one that the tokenizer gives to none belongs to the token before it.
    """

    ids: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


class Encoder:
    """Encodes prompts with one tokenizer.

    `special_tokens_in_text` says what becomes of a special token's letters in data: `plain` text
    (default), `reject` the row, or `allow` them to be the token. A token that the tokenizer does
    not recognise inside a text (an upstream fault of some SentencePiece conversions) is never one.
    `differs` is whether the faster way gave other tokens than the tokenizer, and so is not used;
    `cuts` is where cutting a text changes no token.
    """

    def __init__(self, tokenizer: LoadedTokenizer, special_tokens_in_text: str = "plain") -> None:
        if special_tokens_in_text not in POLICIES:
            raise UsageError(
                "bad_option",
                f"--special-tokens-in-text {special_tokens_in_text}: not a policy",
                remedy=f"one of: {', '.join(POLICIES)}",
            )
        self.tokenizer = tokenizer
        self.policy = special_tokens_in_text
        added = [str(t["content"]) for t in tokenizer.document.get("added_tokens") or []]
        found = self._found(added, "a{}a")
        # Some SentencePiece conversions recognise a token only at a beginning or behind a space.
        anywhere = found.union(*(self._found(added, around) for around in ("{}", " {} ", "\n{}\n")))
        self.special = tuple(token for token in tokenizer.special_tokens if token in anywhere)
        self._pattern = re.compile("|".join(map(re.escape, self.special)) or r"(?!)")
        self._names = stand_ins(self.special)
        self._guard: tokenizers.Tokenizer | None = None
        self._byte_lengths = byte_lengths(tokenizer)
        self._normalizes = normalizes(tokenizer.document)
        self._memory: PieceMemory | None = None
        self.cuts = proved_cuts(tokenizer.document) if found.issuperset(added) else Cuts()
        if self._byte_lengths is not None and self.cuts.spaces:
            self._memory = PieceMemory(
                tokenizer.backend,
                added,
                self._byte_lengths,
                self.cuts,
                normalizes=self._normalizes,
                faster=partial(rank_order_engine, tokenizer.document),
            )
        self.differs = False
        if self._memory is not None and not self._passes(probe(added)):
            self.distrust()
        # Where no special token can begin inside another, those that the template wrote are found.
        self._apart = _apart(added)
        self._special_set = frozenset(self.special)
        self._written: dict[str, int] = {}

    def _passes(self, texts: list[str]) -> bool:
        """Whether these texts get the tokenizer's own tokens: new, known by words, known whole."""
        assert self._memory is not None
        encodings = self.tokenizer.backend.encode_batch_fast(texts, add_special_tokens=False)
        expected = [encoding.ids for encoding in encodings]
        cut = [self._memory.split(text) for text in texts]
        return all([ids.tolist() for ids in self._memory.encode(cut)] == expected for _ in range(3))

    def expect(self, chars: int) -> None:
        """Be told about how many characters there are to come, so that what pays only for many is
        got ready."""
        if self._memory is not None:
            self._memory.expect(chars)

    def distrust(self) -> None:
        """Ask the tokenizer itself for every text from now on."""
        self._memory, self.differs, self.cuts = None, True, Cuts()

    def _found(self, added: Sequence[str], around: str) -> set[str]:
        """The added tokens that the tokenizer recognises where they stand so."""
        texts = [around.format(token) for token in added]
        encodings = self.tokenizer.backend.encode_batch_fast(texts, add_special_tokens=False)
        numbers = self.tokenizer.backend.token_to_id
        return {
            token
            for token, encoding in zip(added, encodings, strict=True)
            if numbers(token) in encoding.ids
        }

    def encode(self, prompt: Prompt) -> Tokens:
        """The tokens of one prompt. Raises RowError `special_token_in_text` under `reject`."""
        return self.encode_batch([prompt])[0]

    def encode_batch(self, prompts: Sequence[Prompt]) -> list[Tokens]:
        """The tokens of several prompts, in order; see `encode`."""
        texts = [prompt.text for prompt in prompts]
        parts = [self._memory.split(text) for text in texts] if self._memory is not None else []
        plain = [
            i
            for i, prompt in enumerate(prompts)
            if self.policy == "allow"
            or (parts and self._only_written(prompt, parts[i]))
            or not self.foreign_special_tokens(prompt)
        ]
        done: dict[int, Tokens] = {}
        if self._memory is not None:
            ids = self._memory.encode([parts[i] for i in plain])
            done.update(zip(plain, self._placed([texts[i] for i in plain], ids), strict=True))
        else:
            encodings = self._encodings([texts[i] for i in plain])
            for i, encoding in zip(plain, encodings, strict=True):
                done[i] = self._tokens(texts[i], np.array(encoding.ids, np.int32), encoding)
        for i in range(len(prompts)):
            if i not in done:
                done[i] = self._guarded(prompts[i], texts[i])
        return [done[i] for i in range(len(prompts))]

    def _placed(self, texts: list[str], ids: list[npt.NDArray[np.int32]]) -> list[Tokens]:
        """The tokens of texts, of which the ids are known and the characters follow from bytes."""
        out: list[Tokens] = []
        first = 0
        while first < len(texts):
            size, behind = len(texts[first]), first + 1
            while behind < len(texts) and (size := size + len(texts[behind])) < _PLACED_CHARS:
                behind += 1
            out += self._placed_at_once(texts[first:behind], ids[first:behind])
            first = behind
        return out

    def _placed_at_once(self, texts: list[str], ids: list[npt.NDArray[np.int32]]) -> list[Tokens]:
        assert self._byte_lengths is not None
        counts = [len(own) for own in ids]
        as_given = not self._normalizes or all(
            text.isascii() or unicodedata.is_normalized("NFC", text) for text in texts
        )
        spans = None
        if as_given:
            lengths = self._byte_lengths[np.concatenate(ids)]
            spans = spans_from_bytes(texts, counts, lengths)
        if spans is None:
            return [self._tokens(text, own) for text, own in zip(texts, ids, strict=True)]
        borders = pairwise(accumulate(counts, initial=0))
        return [
            Tokens(own, spans[0][a:b], spans[1][a:b])
            for own, (a, b) in zip(ids, borders, strict=True)
        ]

    def _encodings(self, texts: list[str]) -> list[tokenizers.Encoding]:
        backend = self.tokenizer.backend
        # Offsets are only needed where they do not follow from bytes.
        encode = backend.encode_batch if self._byte_lengths is None else backend.encode_batch_fast
        return encode(texts, add_special_tokens=False)

    def _only_written(self, prompt: Prompt, parts: list[str]) -> bool:
        """Whether all special tokens of the text are known to be the template's own; `parts` is
        the text cut around added tokens."""
        if not self._apart:
            return False
        written = 0
        for segment in prompt.segments:
            if segment.control:
                number = self._written.get(segment.text)
                if number is None:
                    number = sum(1 for _ in self._pattern.finditer(segment.text))
                    self._written[segment.text] = number
                written += number
        special = self._special_set
        return written == sum(1 for part in parts[1::2] if part in special)

    def verify(self, prompt: Prompt, tokens: Tokens) -> bool:
        """Whether the ids of a prompt are what the tokenizer itself gives for the whole text."""
        if self._memory is None:
            return True
        if self.policy != "allow" and self.foreign_special_tokens(prompt):
            return True
        encoding = self.tokenizer.backend.encode(prompt.text, add_special_tokens=False)
        return bool(encoding.ids == tokens.ids.tolist())

    def encode_text(self, text: str) -> Tokens:
        """The tokens of a text as it stands, special tokens recognised everywhere."""
        encoding = self.tokenizer.backend.encode(text, add_special_tokens=False)
        return self._tokens(text, np.array(encoding.ids, np.int32), encoding)

    def foreign_special_tokens(self, prompt: Prompt) -> list[tuple[int, int]]:
        """Where letters of special tokens stand outside of what the template wrote, as
        (start, end) in characters of the whole text."""
        own: list[tuple[int, int]] = []
        start = 0
        for segment in prompt.segments:
            end = start + len(segment.text)
            if segment.control:
                own.append((start, end))
            start = end
        found = [match.span() for match in self._pattern.finditer(prompt.text)]
        position = 0
        foreign = []
        for begin, end in found:
            while position < len(own) and own[position][1] < end:
                position += 1
            inside = position < len(own) and own[position][0] <= begin
            if not inside:
                foreign.append((begin, end))
        return foreign

    def check(self, prompt: Prompt) -> None:
        """Raises RowError `special_token_in_text` if data hold the letters of a special token."""
        for begin, end in self.foreign_special_tokens(prompt)[:1]:
            raise RowError(
                "special_token_in_text",
                f"the text holds the special token {prompt.text[begin:end]!r}",
                remedy="--special-tokens-in-text plain encodes it as text",
            )

    def _tokens(
        self,
        text: str,
        ids: npt.NDArray[np.int32],
        encoding: tokenizers.Encoding | None = None,
    ) -> Tokens:
        if self._byte_lengths is not None:
            if not self._normalizes or unicodedata.is_normalized("NFC", text):
                spans = spans_from_bytes([text], [len(ids)], self._byte_lengths[ids])
                if spans is not None:
                    return Tokens(ids, *spans)
            # A normalizer changed the text: only the tokenizer knows what became of what.
            encoding = self.tokenizer.backend.encode(text, add_special_tokens=False)
        assert encoding is not None
        return Tokens(ids, *_covering(np.array(encoding.offsets, np.int64), len(text)))

    def _guarded(self, prompt: Prompt, text: str) -> Tokens:
        if any(name in text for name in self._names.values()):
            raise RowError(
                "private_use_character",
                "the text holds a special token and a private-use character of plane 16",
            )
        if self._guard is None:
            self._guard = guarded(self.tokenizer.document, self._names)
        pieces: list[str] = []
        shifts: list[tuple[int, int]] = []
        done = length = 0
        # Marks are sought in each template segment by itself: letters of data never complete one.
        start = 0
        for segment in prompt.segments:
            if segment.control:
                for match in self._pattern.finditer(segment.text):
                    begin, end = start + match.start(), start + match.end()
                    name = self._names[match.group()]
                    pieces += [text[done:begin], name]
                    length += begin - done + len(name)
                    shifts.append((length, end - begin - len(name)))
                    done = end
            start += len(segment.text)
        pieces.append(text[done:])
        encoding = self._guard.encode("".join(pieces), add_special_tokens=False)
        offsets = np.array(encoding.offsets, np.int64).reshape(-1, 2)
        places = np.array([place for place, _ in shifts], np.int64)
        added = np.concatenate([[0], np.cumsum([extra for _, extra in shifts])]).astype(np.int64)
        starts = offsets[:, 0] + added[np.searchsorted(places, offsets[:, 0], side="right")]
        ends = offsets[:, 1] + added[np.searchsorted(places, offsets[:, 1], side="right")]
        spans = _covering(np.stack([starts, ends], axis=1), len(text))
        return Tokens(np.array(encoding.ids, np.int32), *spans)


def _covering(
    offsets: npt.NDArray[np.int64], length: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Offsets stretched so that every character lies under a token."""
    offsets = offsets.reshape(-1, 2)
    starts, ends = offsets[:, 0].copy(), offsets[:, 1].copy()
    if len(starts):
        starts[0] = 0
        ends = np.maximum(ends, np.append(starts[1:], length))
    return starts, ends


def _apart(tokens: Sequence[str]) -> bool:
    """Whether no token's letters begin inside those of another."""
    heads = {token[:end] for token in tokens for end in range(1, len(token) + 1)}
    return not any(token[start:] in heads for token in tokens for start in range(1, len(token)))
