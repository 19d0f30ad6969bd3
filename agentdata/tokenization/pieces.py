"""Remembers the tokens of pieces of text, so that nothing is tokenized twice.

Texts are cut where `cuts` proved that cutting changes nothing: around added tokens and before
spaces. Agent data repeat themselves: system prompts and tools whole, all other text word by word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from agentdata.tokenization.byte_lengths import BYTE_CHARACTERS
from agentdata.tokenization.cuts import BLANKS, LINE_STARTS, Cuts

LIMIT_BYTES = 96 << 20
"""About so much memory is used; then everything is forgotten."""
_T = TypeVar("_T", np.int32, np.int64)
_SHORT_CHARS = 48
_ENTRY_BYTES = 180  # of the interpreter and the tables, for each piece
_MARK_BYTES = 80
_LINES = re.compile(rf"(?<=\n)(?=[{re.escape(''.join(sorted(LINE_STARTS)))}\u4e00-\u9fff])")
_CUT = re.compile(rf"(?<=[^{BLANKS}]) ")


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
    token. The tokenizer must be one of which `cuts.spaces` is proved.
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
    ) -> None:
        self._backend = backend
        self._lengths = lengths
        self._lines = cuts.lines
        self._normalizes = normalizes
        self._limit_bytes = limit_bytes
        self._bytes_known = frozenset(
            byte
            for character, byte in BYTE_CHARACTERS.items()
            if backend.token_to_id(character) is not None
        )
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

    def encode(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """(int32[n], int64[texts]): the ids of all texts, and how many each text has."""
        if self._bytes > self._limit_bytes:
            self._forget()
        known = self._texts
        numbers: list[int] = []
        bounds: list[int] = []
        again: dict[str, tuple[int, int]] = {}
        for text in texts:
            for part in self._added.split(text):
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
        return ids, np.diff(ends[[0, *bounds]])

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
        if words and not self._adds_up("".join(words)):
            texts = texts + [" " + word for word in words]
            numbers = numbers + [self._words[word] for word in words]
        elif words:
            self._learn_words(words)
        if texts:
            encodings = self._backend.encode_batch_fast(texts, add_special_tokens=False)
            ids = [np.array(encoding.ids, np.int32) for encoding in encodings]
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
        ids = np.array(self._backend.encode(text, add_special_tokens=False).ids, np.int32)
        ends = np.cumsum(self._lengths[ids])
        if text.isascii():
            lengths = np.fromiter(map(len, words), np.int64, len(words))
        else:
            lengths = np.fromiter((len(w.encode()) for w in words), np.int64, len(words))
        borders = np.searchsorted(ends, np.cumsum(lengths + 1)) + 1
        numbers = np.fromiter(map(self._words.__getitem__, words), np.int64, len(words))
        self._store(numbers, ids, np.diff(borders, prepend=0))

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
