"""What there is to see of a row: its tokens, what each weighs, what it is and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agentdata.loss_scale.trace import Steps
from agentdata.templates import Kind

KINDS = tuple(Kind)
NO_MESSAGE = -1

FIRST = "first"
"""Why a token weighs 0: nothing stands before the first token of a row, so it is not predicted."""
CUT = "cut"
"""Why a token weighs 0: it is beyond the length limit, and is not written."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row comes from. `number` counts rows from 0; `line` is None for rows of shards."""

    number: int
    id: str
    source: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Tells:
    """What only the rendering knows of each token, as arrays of length n.

    `kinds` int8 is the number of the kind in `KINDS`; `messages` int32 that of the message, or
    `NO_MESSAGE`; `mark` bool is what the template
    wrote, not the data; `straddling` bool
    is whether the token's characters differ in weight; `reasons` holds for each token the factors
    of its weight, and `notes` one of "", `FIRST`, `CUT`. `roles` are those of the messages.
    """

    kinds: npt.NDArray[np.int8]
    messages: npt.NDArray[np.int32]
    mark: npt.NDArray[np.bool_]
    straddling: npt.NDArray[np.bool_]
    reasons: tuple[Steps, ...]
    notes: tuple[str, ...]
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenView:
    """One row of tokens. `ids` int32[n], `weights` float32[n]; `pieces` are the bytes of the n
    tokens, and [`starts`, `ends`) int64[n] the characters of `text` under each.

    `tells` is None where only the shards are left; `raw` is the row of the source, None if that is
    gone. `notes` are sentences for people on what the row does not show by itself.
    """

    place: Place
    about: dict[str, str]
    text: str
    ids: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]
    pieces: tuple[bytes, ...]
    tells: Tells | None = None
    raw: Any = None
    notes: tuple[str, ...] = ()

    def shares_characters(self) -> npt.NDArray[np.bool_]:
        """bool[n]: tokens that hold only some bytes of a character."""
        shared = np.zeros(len(self.ids), bool)
        overlap = self.ends[:-1] > self.starts[1:]
        shared[:-1] |= overlap
        shared[1:] |= overlap
        return shared


@dataclass(frozen=True, slots=True)
class NoView:
    """A row that has no tokens to show, and why: `code`, `message`, and the JSON `pointer`."""

    place: Place
    code: str
    message: str
    pointer: str
    raw: Any = None


Seen = TokenView | NoView


@dataclass(frozen=True, slots=True)
class Run:
    """Tokens [`start`, `end`) in a row that are alike in message, kind, weight and what set it."""

    start: int
    end: int
    message: int
    kind: str
    weight: float
    mark: bool
    straddling: bool
    note: str
    steps: Steps


def runs(view: TokenView) -> Iterator[Run]:
    """The tokens of a view as runs, in order."""
    count = len(view.ids)
    start = 0
    weights = view.weights.tolist()
    tells = view.tells
    if tells is None:
        keys: list[tuple[Any, ...]] = [(NO_MESSAGE, "", w, False, False, "", ()) for w in weights]
    else:
        keys = [
            (message, KINDS[kind].value, weight, mark, straddling, note, steps)
            for message, kind, weight, mark, straddling, note, steps in zip(
                tells.messages.tolist(),
                tells.kinds.tolist(),
                weights,
                tells.mark.tolist(),
                tells.straddling.tolist(),
                tells.notes,
                tells.reasons,
                strict=True,
            )
        ]
    for end in range(1, count + 1):
        if end == count or keys[end] != keys[start]:
            yield Run(start, end, *keys[start])
            start = end
