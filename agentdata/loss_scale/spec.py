"""What `--loss-scale` says: a strategy, then presets or files, joined by `+`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any

import orjson

from agentdata.errors import UsageError
from agentdata.loss_scale.rules import Rules


class Strategy(StrEnum):
    """Which turns are trained at all."""

    DEFAULT = "default"
    """Every turn of the model."""
    LAST_ROUND = "last_round"
    """Only what the model writes after the last user message or tool result."""
    ALL = "all"
    """All text, as in pre-training."""

    # That of an Enum is far slower, and not that of the equal string.
    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class LossScale:
    """A parsed spec. The weights of the chained `rules` multiply, each seeing the pieces into
    which the ones before it cut the text."""

    spec: str
    strategy: Strategy
    rules: tuple[Rules, ...]


def preset_names() -> list[str]:
    """The names of the bundled presets, sorted."""
    files = resources.files("agentdata.loss_scale") / "presets"
    return sorted(f.name.removesuffix(".json") for f in files.iterdir() if f.name.endswith(".json"))


def parse_loss_scale(spec: str) -> LossScale:
    """The loss scale of a spec such as `last_round+hermes+ignore_empty_think` or `my.json`.

    Raises UsageError `unknown_loss_scale` or `bad_loss_scale`, naming the option and a remedy.

    >>> parse_loss_scale("last_round+hermes").strategy.value
    'last_round'
    """
    names = spec.split("+")
    strategy = Strategy.DEFAULT
    if names[0] in set(Strategy):
        strategy = Strategy(names.pop(0))
    return LossScale(spec, strategy, tuple(_load(name) for name in names))


def _load(name: str) -> Rules:
    if name in preset_names():
        files = resources.files("agentdata.loss_scale") / "presets"
        return parse_rules(orjson.loads((files / f"{name}.json").read_bytes()), name)
    path = Path(name)
    if not path.is_file():
        known = ", ".join([*Strategy, *preset_names()])
        raise UsageError(
            "unknown_loss_scale",
            f"--loss-scale: {name!r} is no strategy, preset or file",
            remedy=f"one of {known}, a JSON file, or a chain joined by +",
        )
    try:
        table = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise UsageError("bad_loss_scale", f"--loss-scale {name}: not JSON: {error}") from None
    return parse_rules(table, name)


def parse_rules(table: Any, name: str) -> Rules:
    """The rules of a table in the two-form syntax; `{"response": ..., "query": ...}` nests two.

    Raises UsageError `bad_loss_scale`.
    """
    if not isinstance(table, dict):
        raise _bad(name, "the file must hold one JSON object")
    query: dict[str, float] = {}
    if set(table) <= {"response", "query"} and isinstance(table.get("response"), dict):
        for key, value in (table.get("query") or {}).items():
            query[key] = _weights(name, key, value, {1})[0]
        table = table["response"]
    keys: dict[str, tuple[float, float]] = {}
    patterns: dict[str, float] = {}
    for key, value in table.items():
        weights = _weights(name, key, value, {1, 2})
        if len(weights) == 2:
            keys[key] = (weights[0], weights[1])
            continue
        patterns[key] = weights[0]
        try:
            re.compile(key, re.DOTALL)
        except re.error as error:
            raise _bad(name, f"{key!r} is no regular expression: {error}") from None
    return Rules(keys, patterns, query, name)


def _weights(name: str, key: str, value: Any, sizes: set[int]) -> list[float]:
    values = value if isinstance(value, list) else [value]
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) != len(values) or len(values) not in sizes:
        raise _bad(name, f"{key!r} must have {' or '.join(map(str, sorted(sizes)))} numbers")
    if not key or any(not math.isfinite(number) or number < 0 for number in numbers):
        raise _bad(name, f"{key!r}: keys are not empty, weights finite and >= 0")
    return numbers


def _bad(name: str, why: str) -> UsageError:
    return UsageError(
        "bad_loss_scale",
        f"--loss-scale {name}: {why}",
        remedy='{"Action:": [2.0, 2.0]} weighs a key and what follows, {"regex": [0.0]} a match',
    )
