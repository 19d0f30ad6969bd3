"""Media among the tokens of a row, and where a row may be cut without cutting one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agentdata.errors import RowError
from agentdata.media.desk import Item, Placed
from agentdata.tokenization import Tokens


@dataclass(frozen=True, slots=True)
class MediaTokens:
    """The items of a row in order, and the tokens int64[k, 2] that stand for each."""

    items: tuple[Item, ...]
    spans: npt.NDArray[np.int64]

    def within(self, start: int, end: int) -> MediaTokens:
        """The items whose tokens lie in [start, end), counted from there."""
        kept = (self.spans[:, 0] >= start) & (self.spans[:, 1] <= end)
        items = tuple(item for item, keep in zip(self.items, kept.tolist(), strict=True) if keep)
        return MediaTokens(items, self.spans[kept] - start)

    def cut_at(self, place: int, *, later: bool = False) -> int:
        """`place`, or where an item that holds it begins (`later`: ends)."""
        number = int(np.searchsorted(self.spans[:, 1], place, side="right"))
        if number == len(self.spans) or self.spans[number, 0] >= place:
            return place
        return int(self.spans[number, 1 if later else 0])


def in_tokens(placed: Placed, tokens: Tokens) -> MediaTokens:
    """Where the items of a prompt are among its tokens."""
    starts = np.searchsorted(tokens.starts, placed.spans[:, 0], side="left")
    ends = np.searchsorted(tokens.starts, placed.spans[:, 1], side="left")
    return MediaTokens(placed.items, np.stack([starts, ends], axis=1).astype(np.int64))


def check_tokens(placed: Placed, tokens: Tokens) -> None:
    """Raises RowError `media_mismatch` where a row has other tokens of media than its items: its
    texts hold the letters of such a token, and it is one there too."""
    for token in {item.token_id for item in placed.items}:
        expected = sum(item.tokens for item in placed.items if item.token_id == token)
        found = int(np.count_nonzero(tokens.ids == token))
        if found != expected:
            raise RowError(
                "media_mismatch",
                f"the row's media are {expected} tokens, but there are {found} in it: its texts "
                "hold more",
                remedy="take the letters of the model's image token out of the texts",
            )
