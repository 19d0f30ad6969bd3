"""Prompts to token ids: the tokenizer runs once over the whole text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import tokenizers

from agentdata.errors import RowError, UsageError
from agentdata.templates.prompt import Prompt
from agentdata.tokenization.byte_lengths import byte_lengths, spans_from_bytes
from agentdata.tokenization.cuts import Cuts, normalizes, proved_cuts
from agentdata.tokenization.engine import ENGINE_CHARS, load_engine
from agentdata.tokenization.guard import guarded, stand_ins
from agentdata.tokenization.pieces import PieceMemory
from agentdata.tokenization.probe import probe
from agentdata.tokenization.tokenizer import LoadedTokenizer
from agentdata.tokenization.tokens import TokenRows, Tokens, sums

POLICIES = ("plain", "reject", "allow")
_REMEMBERED = 4096
_PLACED_CHARS = 1_000_000
"""Texts of about so many characters are placed at once; that takes some ten bytes for each."""


class _Fast(Protocol):
    """A faster way to the tokenizer's ids."""

    def encode(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """(int32[n], int64[texts]): the ids of all texts, and how many each text has."""


class Encoder:
    """Encodes prompts with one tokenizer.

    `special_tokens_in_text` says what becomes of a special token's letters in data: `plain` text
    (default), `reject` the row, or `allow` them to be the token. A token that the tokenizer does
    not recognise inside a text (an upstream fault of some SentencePiece conversions) is never one.
    `differs` is whether the faster way gave other tokens than the tokenizer, and so is not used;
    `cuts` is where cutting a text changes no token. `expected` is how many characters it was told
    of at most.
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
        self._fast: _Fast | None = None
        self.cuts = proved_cuts(tokenizer.document) if found.issuperset(added) else Cuts()
        self.differs = False
        self.expected = 0
        self._probe = probe(added)
        if self._byte_lengths is not None and self.cuts.spaces:
            self._use(
                PieceMemory(
                    tokenizer.backend,
                    added,
                    self._byte_lengths,
                    self.cuts,
                    normalizes=self._normalizes,
                )
            )
        # Where they are recognised anywhere, and none can begin inside another, all those that the
        # template wrote are found.
        self._apart = found.issuperset(added) and _apart(added)
        self._is_special = np.zeros(tokenizer.vocab_size, bool)
        for token in self.special:
            self._is_special[tokenizer.backend.token_to_id(token)] = True
        self._written: dict[str, int] = {}

    def _use(self, fast: _Fast) -> None:
        """Use a faster way from now on; none if it gives other tokens for nasty texts."""
        if self._is_right(fast):
            self._fast = fast
        else:
            self.distrust()

    def _is_right(self, fast: _Fast) -> bool:
        backend = self.tokenizer.backend
        encodings = backend.encode_batch_fast(self._probe, add_special_tokens=False)
        ids = [number for encoding in encodings for number in encoding.ids]
        counts = [len(encoding.ids) for encoding in encodings]
        # What came before may be remembered.
        found = [fast.encode(self._probe) for _ in range(3)]
        return all(own.tolist() == ids and sizes.tolist() == counts for own, sizes in found)

    def expect(self, chars: int) -> None:
        """Be told about how many characters there are to come, so that what pays only for many is
        got ready."""
        before, self.expected = self.expected, max(chars, self.expected)
        if not before < ENGINE_CHARS <= chars or self._byte_lengths is None or self.differs:
            return
        engine = load_engine(self.tokenizer.document)
        if engine is not None:
            self._use(engine)

    def distrust(self) -> None:
        """Ask the tokenizer itself for every text from now on."""
        self._fast, self.differs, self.cuts = None, True, Cuts()

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

    def encode_batch(self, prompts: Sequence[Prompt]) -> TokenRows:
        """The tokens of several prompts, in order; see `encode`."""
        texts = [prompt.text for prompt in prompts]
        fast = self._fast
        rows = (
            self._by_tokenizer(texts) if fast is None else self._placed(texts, *fast.encode(texts))
        )
        if self.policy == "allow":
            return rows
        special = None
        if fast is not None and self._apart:
            special = rows.per_row(self._is_special[rows.ids])
        others = {
            number: self._guarded(prompt, texts[number])
            for number, prompt in enumerate(prompts)
            if (special is None or special[number] != self._written_count(prompt))
            and self.foreign_special_tokens(prompt)
        }
        if not others:
            return rows
        return TokenRows.of([others.get(number, own) for number, own in enumerate(rows)])

    def _by_tokenizer(self, texts: list[str]) -> TokenRows:
        backend = self.tokenizer.backend
        # Offsets are only needed where they do not follow from bytes.
        encode = backend.encode_batch if self._byte_lengths is None else backend.encode_batch_fast
        encodings = encode(texts, add_special_tokens=False)
        return TokenRows.of(
            [
                self._tokens(text, np.array(encoding.ids, np.int32), encoding)
                for text, encoding in zip(texts, encodings, strict=True)
            ]
        )

    def _placed(
        self, texts: list[str], ids: npt.NDArray[np.int32], counts: npt.NDArray[np.int64]
    ) -> TokenRows:
        """The tokens of texts, of which the ids are known and the characters follow from bytes."""
        sizes = [len(text) for text in texts]
        if sum(sizes) > _PLACED_CHARS and len(texts) > 1:
            half = len(texts) // 2
            middle = int(counts[:half].sum())
            first = self._placed(texts[:half], ids[:middle], counts[:half])
            return TokenRows.of([*first, *self._placed(texts[half:], ids[middle:], counts[half:])])
        assert self._byte_lengths is not None
        borders, shifts = sums(counts), sums(sizes)
        as_given = not self._normalizes or all(
            text.isascii() or unicodedata.is_normalized("NFC", text) for text in texts
        )
        if as_given:
            spans = spans_from_bytes("".join(texts), shifts, borders, self._byte_lengths[ids])
            if spans is not None:
                return TokenRows(ids, *spans, borders, shifts)
        each = np.split(ids, borders[1:-1])
        return TokenRows.of(
            [self._tokens(text, own) for text, own in zip(texts, each, strict=True)]
        )

    def _written_count(self, prompt: Prompt) -> int:
        """How many special tokens the template wrote."""
        written = 0
        for segment in prompt.segments:
            if segment.control:
                number = self._written.get(segment.text)
                if number is None:
                    number = sum(1 for _ in self._pattern.finditer(segment.text))
                    if len(self._written) < _REMEMBERED:
                        self._written[segment.text] = number
                written += number
        return written

    def verify(self, prompt: Prompt, tokens: Tokens) -> bool:
        """Whether the ids of a prompt are what the tokenizer itself gives for the whole text."""
        if self._fast is None:
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
                shifts, borders = sums([len(text)]), sums([len(ids)])
                spans = spans_from_bytes(text, shifts, borders, self._byte_lengths[ids])
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
