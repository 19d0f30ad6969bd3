"""Weights of some of a text's characters."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np

from agentdata.loss_scale.trace import NOT_HERE, Trace
from agentdata.loss_scale.weigh import Weights

Spans = Sequence[tuple[int, int]]


def any_weight(weights: Weights) -> Callable[[Spans], bool]:
    """What tells whether any character of spans [start, end) weighs more than 0."""
    # Lists, as a number of an array takes ten times as long to get at.
    ends, values = weights.ends.tolist(), weights.values.tolist()

    def weighs(spans: Spans) -> bool:
        for start, end in spans:
            first, last = bisect_right(ends, start), bisect_right(ends, end - 1)
            for value in values[first : last + 1]:
                if value > 0:
                    return True
        return False

    return weighs


def weights_within(weights: Weights, spans: Spans, trace: Trace | None = None) -> Weights:
    """The weights, with 0 for every character outside of the spans [start, end), which are in
    order and apart. `trace`, that of the weights, is told where that is."""
    if not len(weights.ends):
        return weights
    edges = np.array([edge for span in spans for edge in span], np.int64)
    ends = np.unique(np.concatenate([weights.ends, edges]))
    ends = ends[ends > 0]
    values = weights.values[np.searchsorted(weights.ends, ends - 1, side="right")].copy()
    if trace is not None:
        pieces = [piece for start, end in spans for piece in ((start, NOT_HERE), (end, None))]
        trace.multiply([*pieces, (int(weights.ends[-1]), NOT_HERE)])
    # The last character of a run lies within a span if it comes after an odd number of edges.
    values[np.searchsorted(edges, ends - 1, side="right") % 2 == 0] = 0.0
    return Weights(ends, values)
