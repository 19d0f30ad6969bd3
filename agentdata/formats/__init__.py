"""Raw formats: one module per format, each with a `FORMAT`; importing this folder finds them."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from agentdata.errors import AgentDataError, UsageError
from agentdata.formats.base import Companions, Fit, Format

__all__ = ["FORMATS", "Companions", "Fit", "Format", "detect", "get", "looks_like_row"]


def _find() -> dict[str, Format]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    modules = [import_module(f"{__name__}.{name}") for name in names]
    formats = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {format_.name: format_ for format_ in formats}


FORMATS: dict[str, Format] = _find()


def get(name: str) -> Format:
    """The format of that name. Raises UsageError `unknown_format`."""
    if name not in FORMATS:
        raise UsageError(
            "unknown_format",
            f"--format {name}: there is no such format",
            remedy=f"known formats: {', '.join(FORMATS)}",
        )
    return FORMATS[name]


def detect(rows: Sequence[dict[str, Any]]) -> str:
    """The name of the format that most of these rows have; of several, one whose own marks are
    rarer than those of general formats, then the one whose marks most rows bear.

    Raises AgentDataError `unknown_format` (no row fits any) and `ambiguous_format`.
    """
    tallies: dict[tuple[int, bool, int, bool], list[str]] = {}
    for name, format_ in FORMATS.items():
        fits = [format_.detect(row) for row in rows]
        readable, marked = sum(fit > Fit.NO for fit in fits), fits.count(Fit.MARKED)
        if readable:
            special = marked > 0 and not format_.general
            rank = (readable, special, marked, format_.general)
            tallies.setdefault(rank, []).append(name)
    if not tallies:
        raise AgentDataError(
            "unknown_format",
            f"none of the first {len(rows)} rows has a format that is known",
            remedy=f"name it with --format NAME: {', '.join(FORMATS)}",
        )
    best = tallies[max(tallies)]
    if len(best) > 1:
        raise AgentDataError(
            "ambiguous_format",
            f"the first {len(rows)} rows fit several formats alike: {', '.join(best)}",
            remedy="name one with --format NAME",
        )
    return best[0]


def looks_like_row(value: Any) -> bool:
    """Whether a JSON value is a row of some format."""
    return isinstance(value, dict) and any(f.detect(value) for f in FORMATS.values())
