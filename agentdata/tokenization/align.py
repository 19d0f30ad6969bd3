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
    first = np.searchsorted(weights.ends, tokens.starts, side="right")
    first = np.minimum(first, len(weights.ends) - 1)
    last_character = np.maximum(tokens.ends - 1, tokens.starts)
    last = np.searchsorted(weights.ends, last_character, side="right")
    last = np.minimum(last, len(weights.ends) - 1)
    values = weights.values[first].copy()
    straddling = np.flatnonzero(first != last)
    if straddle != "first":
        choose = np.min if straddle == "min" else np.max
        for token in straddling.tolist():
            values[token] = choose(weights.values[first[token] : last[token] + 1])
    values[0] = 0.0
    return values, len(straddling)
