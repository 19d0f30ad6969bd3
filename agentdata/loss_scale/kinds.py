"""Weights by kind of text: what `--weights` says, and its product with the loss scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from agentdata.errors import UsageError
from agentdata.loss_scale.trace import Rule, Step, Trace
from agentdata.loss_scale.weigh import Weights
from agentdata.templates.parsing.parts import CallPart
from agentdata.templates.prompt import Kind, Prompt

CALL_PARTS = ("tool_call.name", "tool_call.arguments")
WEIGHTED_KINDS = ("reasoning", "content", "tool_call", *CALL_PARTS, "end_of_turn")


def parse_weights(text: str) -> dict[str, float]:
    """{kind: weight} of `tool_call=2,reasoning=0.5`. Raises UsageError as `check_weights` does.

    >>> parse_weights("tool_call=2,tool_call.name=3")
    {'tool_call': 2.0, 'tool_call.name': 3.0}
    """
    weights: dict[str, Any] = {}
    for item in text.split(","):
        kind, equals, number = (part.strip() for part in item.partition("="))
        if not equals or kind in weights:
            why = "is given twice" if equals else "has no weight"
            raise _bad(f"--weights {text}: {kind!r} {why}")
        try:
            weights[kind] = float(number)
        except ValueError:
            weights[kind] = number
    return check_weights(weights)


def check_weights(weights: Any) -> dict[str, float]:
    """The weights as numbers. Raises UsageError `unknown_kind` or `bad_weights`."""
    if not isinstance(weights, Mapping):
        raise _bad("--weights: must be kinds with their weights")
    for kind, number in weights.items():
        if kind not in WEIGHTED_KINDS:
            raise UsageError(
                "unknown_kind",
                f"--weights: there is no kind {str(kind)!r} that is trained",
                remedy=f"one of: {', '.join(WEIGHTED_KINDS)}",
            )
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if not is_number or not math.isfinite(number) or number < 0:
            raise _bad(f"--weights {kind}={number}: weights are finite numbers of at least 0")
    return {kind: float(number) for kind, number in weights.items()}


def weigh_kinds(
    prompt: Prompt,
    weights: Weights,
    kinds: Mapping[str, float],
    parts: Sequence[CallPart] = (),
    trace: Trace | None = None,
) -> Weights:
    """`weights` times the weight of each character's kind, 1 where its kind has none.

    Only what the model writes is multiplied. The name and the arguments of a call weigh as
    `tool_call.name` and `tool_call.arguments` where these have a weight, else as `tool_call`;
    `parts` says where they stand. `trace`, that of `weights`, is told of the factors.
    """
    spans = list(_spans(prompt, kinds, [part for part in parts if part.kind in kinds]))
    if not spans:
        return weights
    ends = np.array([end for end, _ in spans], np.int64)
    factors = np.array([kinds.get(kind, 1.0) for _, kind in spans], np.float64)
    both = np.union1d(ends, weights.ends)
    both = both[both > 0]
    values = weights.values[np.searchsorted(weights.ends, both)].astype(np.float64)
    product = (values * factors[np.searchsorted(ends, both)]).astype(np.float32)
    last = np.append(product[1:] != product[:-1], True)
    if trace is not None:
        steps = {kind: Step(Rule.KIND, weight, kind) for kind, weight in kinds.items()}
        trace.multiply((end, steps.get(kind)) for end, kind in spans)
    return Weights(both[last], product[last])


def _spans(
    prompt: Prompt, kinds: Mapping[str, float], parts: Sequence[CallPart]
) -> Iterator[tuple[int, str]]:
    """(end, kind or "" where it is not the model's) of pieces that cover the text, in order."""
    position, number = 0, 0
    for segment in prompt.segments:
        end = position + len(segment.text)
        kind = segment.kind.value if segment.trainable else ""
        while segment.kind is Kind.TOOL_CALL and number < len(parts) and parts[number].start < end:
            part = parts[number]
            yield max(position, part.start), kind
            position = max(position, min(part.end, end))
            yield position, part.kind
            if part.end > end:
                break
            number += 1
        yield end, kind
        position = end


def _bad(message: str) -> UsageError:
    return UsageError("bad_weights", message, remedy="such as tool_call=2,reasoning=0.5")
