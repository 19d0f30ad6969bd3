"""How a weight looks: the steps of the scale, the same in a terminal and on a page."""

from __future__ import annotations

import math
from typing import NamedTuple


class Step(NamedTuple):
    """Weights from `low` up to, but not including, `high`; `ansi` is its style in a terminal of
    256 colours, `css` its class on a page."""

    low: float
    high: float
    name: str
    says: str
    css: str
    ansi: str


_ABOVE_0 = math.ulp(0.0)
_ABOVE_1 = math.nextafter(1.0, 2.0)

STEPS = (
    Step(0.0, _ABOVE_0, "0 not trained", "no loss on these tokens", "w0", "\x1b[38;5;245m"),
    Step(_ABOVE_0, 0.5, "under ½", "trained, much less than usual", "c2", "\x1b[38;5;16;48;5;75m"),
    Step(0.5, 1.0, "½ to 1", "trained less than usual", "c1", "\x1b[38;5;16;48;5;153m"),
    Step(1.0, _ABOVE_1, "1 trained", "trained as usual", "w1", ""),
    Step(_ABOVE_1, 2.0, "1 to 2", "trained more than usual", "h1", "\x1b[38;5;16;48;5;223m"),
    Step(2.0, 3.0, "2 to 3", "trained twice and more", "h2", "\x1b[38;5;16;48;5;215m"),
    Step(3.0, math.inf, "3 and up", "trained thrice and more", "h3", "\x1b[38;5;16;48;5;209m"),
)
"""From nothing to the most: dim at 0, cool below 1, plain at 1, warm above."""


def step_of(weight: float) -> Step:
    """The step of a weight, which is at least 0.

    >>> step_of(0).css, step_of(0.3).css, step_of(1).css, step_of(2).css
    ('w0', 'c2', 'w1', 'h2')
    """
    return next(step for step in STEPS if step.low <= weight < step.high)
