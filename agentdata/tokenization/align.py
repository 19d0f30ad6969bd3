"""A weight per token from a weight per character, for all rows of a batch at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agentdata.errors import UsageError
from agentdata.loss_scale.weigh import Weights
from agentdata.tokenization.tokens import TokenRows, Tokens

STRADDLE = ("min", "first", "max")


def token_weights(
    tokens: Tokens, weights: Weights, straddle: str = "min"
) -> tuple[npt.NDArray[np.float32], int]:
    """(float32[n], number of straddling tokens): the weight of every token of one row, as
    `row_weights` has it."""
    values, straddling = row_weights(TokenRows.of([tokens]), [weights], straddle)
    return values, int(straddling.sum())


def row_weights(
    rows: TokenRows, weights: Sequence[Weights], straddle: str = "min"
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """(float32[n], bool[n]): the weight of every token, and whether it straddles weights.

    A token whose characters differ in weight takes the smallest (`min`: no token that holds a
    piece of a tool's output is ever trained), the `first` character's, or the largest (`max`).
    The first token of a row is never predicted and weighs 0.
    """
    if straddle not in STRADDLE:
        raise UsageError(
            "bad_option",
            f"--straddle {straddle}: not a rule",
            remedy=f"one of: {', '.join(STRADDLE)}",
        )
    if not len(rows.ids):
        return np.zeros(0, np.float32), np.zeros(0, bool)
    ends = stretches(rows, [run.ends for run in weights])
    values = np.concatenate([run.values for run in weights])
    first, last = places(ends, rows.starts), places(ends, rows.last)
    out = values[first]
    straddling = first != last
    if straddle != "first":
        choose = np.min if straddle == "min" else np.max
        for token in np.flatnonzero(straddling).tolist():
            out[token] = choose(values[first[token] : last[token] + 1])
    begins = rows.borders[:-1]
    out[begins[begins < rows.borders[1:]]] = 0.0
    return out, straddling


def stretches(
    rows: TokenRows, ends: Sequence[npt.NDArray[np.int64] | Sequence[int]]
) -> npt.NDArray[np.int64]:
    """int64[k]: where stretches of each row's text end, as characters of the text of all rows. The
    last one of a row goes to the end of it."""
    sizes = [len(own) for own in ends]
    out: npt.NDArray[np.int64] = np.concatenate(ends).astype(np.int64)
    out += rows.shifts[:-1].repeat(sizes)
    lasts = np.cumsum(sizes) - 1
    has = np.array(sizes) > 0
    out[lasts[has]] = rows.shifts[1:][has]
    return out


def places(ends: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """int64[n]: for each character position the number of the stretch, of those that end at
    `ends` (rising), that holds it; the last stretch where it lies behind all."""
    inner = ends[:-1]
    if len(positions) and (positions[1:] >= positions[:-1]).all():
        # Stretches are far fewer than tokens, so it is them that are looked up.
        borders = np.empty(len(ends) + 1, np.int64)
        borders[0], borders[-1] = 0, len(positions)
        borders[1:-1] = positions.searchsorted(inner)
        return np.arange(len(ends)).repeat(borders[1:] - borders[:-1])
    return np.searchsorted(inner, positions, side="right")
