"""Two views of one row, block beside block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agentdata.show.lines import Block, blocks, run_text
from agentdata.show.view import TokenView

_Key = tuple[str, int, int, int]
_END = -2
"""What follows where no message does."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Blocks of the same kind and message, None where a side has none. `text`, `tokens` and
    `weights` say whether the two sides are the same in that."""

    left: Block | None
    right: Block | None
    text: bool = False
    tokens: bool = False
    weights: bool = False

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.text and self.tokens and self.weights

    @property
    def differs(self) -> tuple[str, ...]:
        """What differs, in words."""
        if self.left is None or self.right is None:
            return ("on one side only",)
        found = (("text", self.text), ("tokens", self.tokens), ("weights", self.weights))
        return tuple(name for name, same in found if not same)


def paired(left: TokenView, right: TokenView) -> list[Pair]:
    """The blocks of two views side by side, in order. Time is linear in the tokens.

    Blocks belong together by kind and message; marks of no message by the message that follows.
    """
    ours, theirs = blocks(left), blocks(right)
    places = {key: index for index, key in enumerate(_keys(theirs))}
    pairs: list[Pair] = []
    done = 0
    for block, key in zip(ours, _keys(ours), strict=True):
        place = places.get(key, -1)
        if place < done:
            pairs.append(Pair(block, None))
            continue
        pairs += [Pair(None, other) for other in theirs[done:place]]
        pairs.append(_compared(left, block, right, theirs[place]))
        done = place + 1
    return pairs + [Pair(None, other) for other in theirs[done:]]


def _keys(found: list[Block]) -> list[_Key]:
    """What tells blocks apart: kind, message, the message that follows, and which of its like."""
    keys: list[tuple[str, int, int]] = []
    following = _END
    for block in reversed(found):
        following = block.message if block.message >= 0 else following
        keys.append((block.kind, block.message, following))
    counts: Counter[tuple[str, int, int]] = Counter()
    out: list[_Key] = []
    for key in reversed(keys):
        out.append((*key, counts[key]))
        counts[key] += 1
    return out


def _compared(left: TokenView, block: Block, right: TokenView, other: Block) -> Pair:
    text = run_text(left, block.start, block.end) == run_text(right, other.start, other.end)
    ours, theirs = slice(block.start, block.end), slice(other.start, other.end)
    tokens = left.pieces[ours] == right.pieces[theirs]
    if tokens:
        weights = np.array_equal(left.weights[ours], right.weights[theirs])
    else:
        weights = text and np.array_equal(
            _by_character(left, block), _by_character(right, other), equal_nan=True
        )
    return Pair(block, other, text, tokens, bool(weights))


def _by_character(view: TokenView, block: Block) -> npt.NDArray[np.float32]:
    """The weight of every character of a block: that of the token in which it ends."""
    start, end = int(view.starts[block.start]), int(view.ends[block.end - 1])
    ends = view.ends[block.start : block.end]
    place = np.searchsorted(ends, np.arange(start, end), side="right")
    return view.weights[block.start : block.end][np.minimum(place, len(ends) - 1)]


def summary(left: TokenView, right: TokenView, pairs: list[Pair]) -> Iterator[str]:
    """What differs in all, in sentences."""
    counts = Counter(word for pair in pairs for word in pair.differs)
    if not counts:
        yield "nothing differs: text, tokens and weights are the same"
        return
    said = ", ".join(f"{word} {number}" for word, number in counts.items())
    yield f"blocks that differ ({len(pairs)} in all): {said}"
    for name, ours, theirs in (
        ("tokens", len(left.ids), len(right.ids)),
        ("trained tokens", int((left.weights > 0).sum()), int((right.weights > 0).sum())),
        ("weights add up to", _sum(left), _sum(right)),
    ):
        yield f"{name}: {ours:,.6g}" + (f" | {theirs:,.6g}" if ours != theirs else " on both sides")


def _sum(view: TokenView) -> float:
    return float(view.weights.sum(dtype=np.float64))
