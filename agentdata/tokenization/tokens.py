"""The tokens of a text, and those of many texts at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from agentdata.values import value

Ints = npt.NDArray[np.int64]


@value
class Tokens:
    """A text's tokens: `ids` int32[n], and the characters [`starts`, `ends`) int64[n] of each.

    Tokens that share a character (a split emoji) share its place. Every character lies under
    some token: one that the tokenizer gives to none belongs to the token before it.
    """

    ids: npt.NDArray[np.int32]
    starts: Ints
    ends: Ints


class TokenRows(Sequence[Tokens]):
    """The tokens of rows, behind one another as if the texts of the rows were one text.

    `ids` int32[n]; `starts` and `ends` int64[n] are characters of that text; `borders`
    int64[rows + 1] are the tokens where rows begin, and the number of all; `shifts`
    int64[rows + 1] likewise the characters. An item is the tokens of one row, in its own text.
    """

    def __init__(
        self, ids: npt.NDArray[np.int32], starts: Ints, ends: Ints, borders: Ints, shifts: Ints
    ) -> None:
        self.ids, self.starts, self.ends = ids, starts, ends
        self.borders, self.shifts = borders, shifts

    @classmethod
    def of(cls, rows: Sequence[Tokens]) -> TokenRows:
        """Rows put behind one another."""
        if isinstance(rows, cls):
            return rows
        borders = sums([len(row.ids) for row in rows])
        # Every character lies under a token: a text ends where its last one does.
        shifts = sums([row.ends[-1] if len(row.ends) else 0 for row in rows])
        shift = shifts[:-1].repeat(np.diff(borders))
        ids = [row.ids for row in rows] or [np.zeros(0, np.int32)]
        starts = [row.starts for row in rows] or [np.zeros(0, np.int64)]
        ends = [row.ends for row in rows] or [np.zeros(0, np.int64)]
        return cls(
            np.concatenate(ids),
            np.concatenate(starts) + shift,
            np.concatenate(ends) + shift,
            borders,
            shifts,
        )

    def __len__(self) -> int:
        return len(self.borders) - 1

    @overload
    def __getitem__(self, row: int) -> Tokens: ...
    @overload
    def __getitem__(self, row: slice) -> list[Tokens]: ...
    def __getitem__(self, row: int | slice) -> Tokens | list[Tokens]:
        if isinstance(row, slice):
            return [self[number] for number in range(*row.indices(len(self)))]
        if not 0 <= row < len(self):
            raise IndexError(row)
        own = slice(self.borders[row], self.borders[row + 1])
        shift = self.shifts[row]
        return Tokens(self.ids[own], self.starts[own] - shift, self.ends[own] - shift)

    @property
    def last(self) -> Ints:
        """int64[n]: the last character of each token."""
        last: Ints = np.maximum(self.ends - 1, self.starts)
        return last

    def per_row(self, marks: npt.NDArray[np.bool_]) -> list[int]:
        """How many tokens of each row are marked."""
        counts: list[int] = np.diff(np.flatnonzero(marks).searchsorted(self.borders)).tolist()
        return counts


def sums(counts: npt.ArrayLike) -> Ints:
    """int64[n + 1]: 0, and the sums of the first 1, 2, ... counts."""
    counts = np.asarray(counts, np.int64)
    out = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=out[1:])
    return out
