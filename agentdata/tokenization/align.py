"""A weight per token from a weight per character."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agentdata.errors import UsageError
from agentdata.loss_scale.weigh import Weights
from agentdata.tokenization.encode import Tokens

STRADDLE = ("min", "first", "max")


def token_weights(
    tokens: Tokens, weights: Weights, straddle: str = "min"
) -> tuple[npt.NDArray[np.float32], int]:
    """(float32[n], number of straddling tokens): the weight of every token.

    A token whose characters differ in weight takes the smallest (`min`: no token that holds a
    piece of a tool's output is ever trained), the `first` character's, or the largest (`max`).
    The first token is never predicted and weighs 0.
    """
    if straddle not in STRADDLE:
        raise UsageError(
            "bad_option",
            f"--straddle {straddle}: not a rule",
            remedy=f"one of: {', '.join(STRADDLE)}",
        )
    if not len(tokens.ids):
        return np.zeros(0, np.float32), 0
    first = places(weights.ends, tokens.starts)
    last = places(weights.ends, np.maximum(tokens.ends - 1, tokens.starts))
    values = weights.values[first].copy()
    straddling = np.flatnonzero(first != last)
    if straddle != "first":
        choose = np.min if straddle == "min" else np.max
        for token in straddling.tolist():
            values[token] = choose(weights.values[first[token] : last[token] + 1])
    values[0] = 0.0
    return values, len(straddling)


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
