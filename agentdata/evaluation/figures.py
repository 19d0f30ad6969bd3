"""Figures over turns: ratios of sums, so that those of disjoint rows add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from agentdata.evaluation.judge import CallVerdict, TurnVerdict

FIGURES: dict[str, str] = {
    "format": "turns in which nothing is malformed",
    "turn": "turns with calls in the reference whose calls are all right, and none too much",
    "call": "calls of which all is right: name, url and arguments",
    "name": "calls with the right name",
    "url": "calls with the right url, of those that have one",
    "argument_names": "calls with no argument missing and none too much",
    "argument_values": "calls with the right name whose arguments are all right",
    "argument_f1": "mean over calls of the F1 of arguments, a wrong value counting half",
    "rouge_l": "mean ROUGE-L (F1) of the reply, where the reference has one",
    "call_precision": "turns that should call, of those that do",
    "call_recall": "turns that do call, of those that should",
    "irrelevance": "turns that do not call, of those that should not",
    "schema_valid": "predicted calls that satisfy the schema of their tool",
    "hallucinated": "predicted calls that name no tool on offer (lower is better)",
    "missing_calls": "calls of the reference that none stands for (lower is better)",
    "extra_calls": "predicted calls that stand for none (lower is better)",
    "missing_arguments": "arguments of the reference that are not given (lower is better)",
    "extra_arguments": "arguments given that the reference has not (lower is better)",
}
"""{name: what it is a share of}."""
CALL_FIGURES = (
    "call",
    "name",
    "url",
    "argument_names",
    "argument_values",
    "argument_f1",
    "missing_calls",
    "missing_arguments",
    "extra_arguments",
)
"""Those that a single tool has."""
RESAMPLES = 1000
CONFIDENCE = 0.95
_MOST_CELLS = 4_000_000

Sums = npt.NDArray[np.float64]
"""float64[figures, 2]: sum and what it is a share of, in the order of `FIGURES`."""
_INDEX = {name: index for index, name in enumerate(FIGURES)}


class Figure(BaseModel):
    """A share `value` of `of` things, None where there are none, between `low` and `high` with
    95 % confidence: percentiles of the bootstrap over rows (Efron 1979)."""

    value: float | None
    of: int
    low: float | None = None
    high: float | None = None


def turn_sums(verdict: TurnVerdict) -> Sums:
    """What a turn adds to the figures."""
    expected, predicted = verdict.expected, verdict.predicted
    calls = bool(predicted.calls)
    sums = _no_sums()

    def add(name: str, amount: float, of: float = 1) -> None:
        sums[_INDEX[name]] += amount, of

    add("format", predicted.is_sound)
    if expected.calls:
        add("turn", verdict.is_right)
        add("extra_calls", verdict.extra_calls, len(predicted.calls))
    if calls:
        add("call_precision", expected.calls_expected)
    if expected.calls_expected:
        add("call_recall", calls)
    else:
        add("irrelevance", not calls)
    if verdict.rouge_l is not None:
        add("rouge_l", verdict.rouge_l)
    for name, marks in (("hallucinated", verdict.is_unknown), ("schema_valid", verdict.is_valid)):
        known = [mark for mark in marks if mark is not None]
        add(name, sum(known), len(known))
    for call in verdict.calls:
        sums += call_sums(call)
    return sums


def call_sums(call: CallVerdict) -> Sums:
    """What an expected call adds to the figures `CALL_FIGURES`."""
    sums = _no_sums()

    def add(name: str, amount: float, of: float = 1) -> None:
        sums[_INDEX[name]] += amount, of

    add("call", call.is_right)
    add("name", call.name)
    if call.url is not None:
        add("url", call.url)
    add("argument_names", call.argument_names)
    add("argument_values", call.name and call.arguments)
    add("argument_f1", call.argument_f1)
    add("missing_calls", call.predicted is None)
    if call.name:
        add("missing_arguments", call.missing, call.asked)
        add("extra_arguments", call.extra, call.given)
    return sums


def values(sums: Sums) -> dict[str, float | None]:
    """The figures of summed-up sums."""
    return {name: _ratio(sums[index]) for name, index in _INDEX.items()}


def figures(
    rows: Sequence[Sums], *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, Figure]:
    """The figures of rows, whose turns stand or fall together, with their intervals.

    The same for the same rows in any order. Figures that are a share of nothing are left out.
    """
    if not rows:
        return {}
    table = np.stack([row.ravel() for row in rows])
    # Equal rows are drawn as one: fewer numbers, and no order among the rows is left.
    kinds, counts = np.unique(table, axis=0, return_counts=True)
    total = counts @ kinds
    found = {
        name: Figure(value=_ratio(total[2 * i : 2 * i + 2]), of=round(total[2 * i + 1]))
        for name, i in _INDEX.items()
        if total[2 * i + 1]
    }
    if resamples and found:
        drawn = np.concatenate(list(_drawn(kinds, counts, seed, resamples)))
        edges = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
        for name, figure in found.items():
            i = 2 * _INDEX[name]
            some = drawn[drawn[:, i + 1] > 0]
            if len(some):
                low, high = np.quantile(some[:, i] / some[:, i + 1], edges)
                figure.low, figure.high = float(low), float(high)
    return found


def _drawn(
    kinds: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], seed: int, resamples: int
) -> Iterator[npt.NDArray[np.float64]]:
    """Sums float64[n, columns] of samples of as many rows, with replacement."""
    random = np.random.default_rng(seed)
    rows = int(counts.sum())
    at_once = max(1, _MOST_CELLS // len(kinds))
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        yield random.multinomial(rows, counts / rows, size=size) @ kinds


def added(parts: Iterable[Sums]) -> Sums:
    """The sums of all parts."""
    total = _no_sums()
    for part in parts:
        total += part
    return total


def _no_sums() -> Sums:
    return np.zeros((len(FIGURES), 2))


def _ratio(pair: npt.NDArray[np.float64]) -> float | None:
    return float(pair[0] / pair[1]) if pair[1] else None
