"""Remembers the tokens of pieces of text, so that nothing is tokenized twice.

Texts are cut where `cuts` proved that cutting changes nothing: around added tokens and before
spaces. Agent data repeat themselves: system prompts and tools whole, all other text word by word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import tiktoken
from tokenizers import Tokenizer

from agentdata.tokenization.cuts import BLANKS, LINE_STARTS, Cuts
from agentdata.tokenization.rank_order import BYTE_CHARACTERS, SAFE

LIMIT_BYTES = 96 << 20
"""About so much memory is used; then everything is forgotten."""
_T = TypeVar("_T", np.int32, np.int64)
ENGINE_CHARS = 32_000_000
"""With so many characters to come a faster engine pays: a fifth of them may be new, and the proof
takes a second or two."""
CHECKED_CHARS = 300_000
"""So many are encoded by both at first: proved or not, they have to make the same."""
_SHORT_CHARS = 48
_ENTRY_BYTES = 180  # of the interpreter and the tables, for each piece
_MARK_BYTES = 80
_LINES = re.compile(rf"(?<=\n)(?=[{re.escape(''.join(sorted(LINE_STARTS)))}\u4e00-\u9fff])")
_CUT = re.compile(rf"(?<=[^{BLANKS}]) ")


class _EngineError(Exception):
    """The faster engine gave other tokens than the tokenizer."""


class _GluedError(Exception):
    """A word that cannot be cut off: white space stands before the space behind it."""


class _Words(dict[str, int]):
    """{word: number of the piece that is a space and the word}."""

    def __init__(self, pieces: PieceMemory) -> None:
        super().__init__()
        self._pieces = pieces

    def __missing__(self, word: str) -> int:
        if not word or word[-1] in BLANKS:
            raise _GluedError
        number = self[word] = self._pieces.new(word)
        self._pieces.new_words.append(word)
        return number


class PieceMemory:
    """Token ids of texts, from pieces that were encoded before.

    `added` are the contents of the added tokens, `lengths` int64[vocab_size] the bytes of each
    token. `faster` is asked for an engine that is proved to be the same on `SAFE` texts without
    added tokens, where it pays. The tokenizer must be one of which `cuts.spaces` is proved.
    """

    def __init__(
        self,
        backend: Tokenizer,
        added: Sequence[str],
        lengths: npt.NDArray[np.int64],
        cuts: Cuts,
        *,
        normalizes: bool,
        limit_bytes: int = LIMIT_BYTES,
        faster: Callable[[], tiktoken.Encoding | None] | None = None,
    ) -> None:
        self._backend = backend
        self._lengths = lengths
        self._lines = cuts.lines
        self._normalizes = normalizes
        self._limit_bytes = limit_bytes
        self._find = faster
        self._engine: tiktoken.Encoding | None = None
        self._unchecked = CHECKED_CHARS
        self._bytes_known = frozenset(
            byte
            for character, byte in BYTE_CHARACTERS.items()
            if backend.token_to_id(character) is not None
        )
        self._added_set = frozenset(added)
        longest_first = sorted(added, key=lambda content: (-len(content), content))
        self._added = re.compile(f"({'|'.join(map(re.escape, longest_first)) or '(?!)'})")
        self._forget()

    def _forget(self) -> None:
        self._texts: dict[str, int] = {}
        self._words = _Words(self)
        self._seen: set[int] = set()
        self._count = 0
        self._bytes = 0
        self._used = 0
        self._ids = np.zeros(1 << 12, np.int32)
        self._starts = np.zeros(1 << 10, np.int64)
        self._sizes = np.zeros(1 << 10, np.int64)
        self.new_words: list[str] = []
        self._new_texts: list[str] = []
        self._new_text_numbers: list[int] = []

    def expect(self, chars: int) -> None:
        """Be told about how many characters there are to come."""
        if chars >= ENGINE_CHARS and self._find is not None:
            find, self._find = self._find, None
            self._engine = find()

    def split(self, text: str) -> list[str]:
        """The text cut around added tokens: these are the items 1, 3, 5, ..."""
        return self._added.split(text)

    def encode(self, texts: Sequence[Sequence[str]]) -> list[npt.NDArray[np.int32]]:
        """int32[n] for each text, given as `split` gave it."""
        if self._bytes > self._limit_bytes:
            self._forget()
        known = self._texts
        numbers: list[int] = []
        bounds: list[int] = []
        again: dict[str, tuple[int, int]] = {}
        for parts in texts:
            for part in parts:
                number = known.get(part)
                if number is not None:
                    numbers.append(number)
                elif len(part) < _SHORT_CHARS:
                    if part:
                        numbers.append(self._text(part))
                else:
                    self._whole(part, numbers, again)
            bounds.append(len(numbers))
        self._learn()
        ids, ends = self._joined(np.array(numbers, np.int64))
        self._remember(again, ids, ends)
        borders = ends[[0, *bounds]].tolist()
        return [ids[a:b] for a, b in pairwise(borders)]

    def new(self, piece: str) -> int:
        """The number of a piece that was not known."""
        self._count += 1
        self._bytes += len(piece) + _ENTRY_BYTES
        return self._count - 1

    def _text(self, text: str) -> int:
        number = self._texts.get(text)
        if number is None:
            number = self._texts[text] = self.new(text)
            self._new_texts.append(text)
            self._new_text_numbers.append(number)
        return number

    def _whole(
        self,
        text: str,
        numbers: list[int],
        again: dict[str, tuple[int, int]],
        *,
        line: bool = False,
    ) -> None:
        """Append the numbers of a long text's lines and words; note if it came before."""
        start = len(numbers)
        if self._lines and not line and len(lines := _LINES.split(text)) > 1:
            for each in lines:
                number = self._texts.get(each)
                if number is not None:
                    numbers.append(number)
                elif len(each) < _SHORT_CHARS:
                    numbers.append(self._text(each))
                else:
                    self._whole(each, numbers, again, line=True)
        else:
            self._cut(text, numbers)
        mark = hash(text)
        if mark in self._seen:
            again[text] = (start, len(numbers))
        else:
            self._seen.add(mark)
            self._bytes += _MARK_BYTES

    def _cut(self, text: str, numbers: list[int]) -> None:
        """Append the numbers of the words of a text."""
        before = len(numbers)
        first, *words = text.split(" ")
        try:
            if not first or first[-1] in BLANKS:
                raise _GluedError
            last = words.pop() if words else None
            numbers.append(self._text(first))
            numbers.extend(map(self._words.__getitem__, words))
        except _GluedError:
            del numbers[before:]
            first, *words = _CUT.split(text)
            last = words.pop() if words else None
            numbers.append(self._text(first))
            numbers.extend(map(self._words.__getitem__, words))
        if last is not None:
            # At the end of a text a piece may end as it likes.
            whole = not last or last[-1] in BLANKS
            numbers.append(self._text(" " + last) if whole else self._words[last])

    def _learn(self) -> None:
        """Encode the pieces that are new."""
        words, texts = self.new_words, self._new_texts
        numbers = self._new_text_numbers
        self.new_words, self._new_texts, self._new_text_numbers = [], [], []
        try:
            self._encode(words, texts, numbers)
        except _EngineError:
            self._engine = None
            self._encode(words, texts, numbers)

    def _encode(self, words: list[str], texts: list[str], numbers: list[int]) -> None:
        """Encode words and texts, of which `numbers` are the pieces."""
        if self._engine is not None:
            hard = [word for word in words if not SAFE.fullmatch(word)]
            words = [word for word in words if SAFE.fullmatch(word)] if hard else words
            texts = texts + [" " + word for word in hard]
            numbers = numbers + [self._words[word] for word in hard]
        elif words and not self._adds_up("".join(words)):
            texts = texts + [" " + word for word in words]
            numbers = numbers + [self._words[word] for word in words]
            words = []
        if words:
            self._learn_words(words)
        if texts:
            ids = self._ids_of(texts)
            sizes = np.array([len(each) for each in ids], np.int64)
            self._store(np.array(numbers), np.concatenate(ids), sizes)

    def _adds_up(self, text: str) -> bool:
        """Whether the tokens of a text stand for all of its bytes."""
        return self._bytes_known.issuperset(text.encode()) and (
            not self._normalizes or _is_stable(text)
        )

    def _learn_words(self, words: list[str]) -> None:
        # The words were cut apart where it changes nothing; so it changes nothing to join them.
        text = " " + " ".join(words)
        ids = self._by_tokenizer(text) if self._engine is None else self._by_engine(text)
        ends = np.cumsum(self._lengths[ids])
        if text.isascii():
            lengths = np.fromiter(map(len, words), np.int64, len(words))
        else:
            lengths = np.fromiter((len(w.encode()) for w in words), np.int64, len(words))
        borders = np.searchsorted(ends, np.cumsum(lengths + 1)) + 1
        numbers = np.fromiter(map(self._words.__getitem__, words), np.int64, len(words))
        self._store(numbers, ids, np.diff(borders, prepend=0))

    def _ids_of(self, texts: list[str]) -> list[npt.NDArray[np.int32]]:
        """The ids of each text by itself."""
        if self._engine is None:
            encodings = self._backend.encode_batch_fast(texts, add_special_tokens=False)
            return [np.array(encoding.ids, np.int32) for encoding in encodings]
        return [
            self._by_engine(text)
            if SAFE.fullmatch(text) and text not in self._added_set
            else self._by_tokenizer(text)
            for text in texts
        ]

    def _by_tokenizer(self, text: str) -> npt.NDArray[np.int32]:
        return np.array(self._backend.encode(text, add_special_tokens=False).ids, np.int32)

    def _by_engine(self, text: str) -> npt.NDArray[np.int32]:
        """Raises _EngineError if the tokenizer is asked, too, and says otherwise."""
        assert self._engine is not None
        ids = self._engine.encode_to_numpy(text, disallowed_special=()).astype(np.int32)
        if self._unchecked > 0:
            self._unchecked -= len(text)
            if not np.array_equal(ids, self._by_tokenizer(text)):
                raise _EngineError
        return ids

    def _store(
        self,
        numbers: npt.NDArray[np.int64],
        ids: npt.NDArray[np.int32],
        sizes: npt.NDArray[np.int64],
    ) -> None:
        used = self._used
        self._used += len(ids)
        self._bytes += 4 * len(ids)
        self._ids = _grown(self._ids, self._used)
        self._starts = _grown(self._starts, self._count)
        self._sizes = _grown(self._sizes, self._count)
        self._ids[used : self._used] = ids
        self._starts[numbers] = used + np.cumsum(sizes) - sizes
        self._sizes[numbers] = sizes

    def _joined(
        self, numbers: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """The ids of pieces behind one another, and where each begins and the last ends."""
        sizes = self._sizes[numbers]
        ends = np.zeros(len(sizes) + 1, np.int64)
        np.cumsum(sizes, out=ends[1:])
        places = np.repeat(self._starts[numbers] - ends[:-1], sizes)
        places += np.arange(len(places))
        return self._ids[places], ends

    def _remember(
        self,
        texts: dict[str, tuple[int, int]],
        ids: npt.NDArray[np.int32],
        ends: npt.NDArray[np.int64],
    ) -> None:
        """Keep texts that came again, each with the pieces (first, behind the last) of it."""
        if not texts:
            return
        places = [(int(ends[first]), int(ends[behind])) for first, behind in texts.values()]
        numbers = np.array([self.new(text) for text in texts], np.int64)
        self._texts.update(zip(texts, numbers.tolist(), strict=True))
        sizes = np.array([end - start for start, end in places], np.int64)
        self._store(numbers, np.concatenate([ids[start:end] for start, end in places]), sizes)


def _is_stable(text: str) -> bool:
    """Whether no version of Unicode would normalize the text (NFC) to another one."""
    if text.isascii():
        return True
    assigned = all(unicodedata.category(character) != "Cn" for character in set(text))
    return assigned and unicodedata.is_normalized("NFC", text)


def _grown(array: npt.NDArray[_T], size: int) -> npt.NDArray[_T]:
    """The array, long enough for `size` items."""
    if size <= len(array):
        return array
    return np.concatenate([array, np.zeros(max(size, 2 * len(array)) - len(array), array.dtype)])
