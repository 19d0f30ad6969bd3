"""Raw formats: one module per format, each with a `FORMAT`; importing this folder finds them."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import AgentDataError, UsageError
from agentdata.formats.base import Companions, Fit, Format
from agentdata.formats.common.replies import results_apart
from agentdata.formats.react import observations_apart

__all__ = [
    "FORMATS",
    "Companions",
    "Fit",
    "Format",
    "detect",
    "get",
    "looks_like_row",
    "other_format",
]


_PASSES = 4
"""So often texts are cut that were cut out of others: a cut may bare what was hidden before."""


def _find() -> dict[str, Format]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    modules = [import_module(f"{__name__}.{name}") for name in names]
    formats = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {format_.name: _with_results_apart(format_) for format_ in formats}


def _with_results_apart(format_: Format) -> Format:
    """The format, whose conversations hold no results in texts of the model, whatever it is."""

    def read(row: dict[str, Any]) -> Conversation:
        conversation = format_.read(row)
        keeps = format_.keeps_react is not None and format_.keeps_react(row)
        for _ in range(_PASSES):
            apart = results_apart(conversation if keeps else observations_apart(conversation))
            if apart.messages == conversation.messages:
                break
            conversation = apart
        return conversation

    return replace(format_, read=read)


FORMATS: dict[str, Format] = _find()
MIXED_SHARE = 0.1
"""From this share of rows of another format on, a file is one of mixed formats; fewer are strays,
and rejected one by one."""


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

    Raises AgentDataError `unknown_format` (no row fits any), `ambiguous_format`, and
    `mixed_formats` where a tenth of the rows or more can only be read as another format.
    """
    best = _best(rows)
    if not best:
        text_alone = len(rows) == 1 and rows[0].keys() == {"text"}
        raise AgentDataError(
            "unknown_format",
            "the text holds no conversation of a known format"
            if text_alone
            else f"none of the first {len(rows)} rows has a format that is known",
            remedy=f"name it with --format NAME: {', '.join(FORMATS)}",
        )
    strange = [row for row in rows if not FORMATS[best[0]].detect(row)]
    others = _best(strange)
    number = sum(FORMATS[others[0]].detect(row) > Fit.NO for row in strange) if others else 0
    if number and number >= MIXED_SHARE * len(rows):
        raise AgentDataError(
            "mixed_formats",
            f"formats are mixed in one file: of the first {len(rows)} rows {number} are "
            f"{others[0]}, others {best[0]}",
            remedy=f"put them into files of their own, or name one (--format {best[0]}): rows of "
            "another are then rejected",
        )
    if len(best) > 1:
        raise AgentDataError(
            "ambiguous_format",
            f"the first {len(rows)} rows fit several formats alike: {', '.join(best)}",
            remedy=f"name one, for example --format {best[0]}",
        )
    return best[0]


def _best(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The names of the formats that fit the rows best; [] where none fits any.

    Where a general format fits, a special one needs marks of its own: being able to read plain rows
    of two formats does not make them one file.
    """
    ranks: dict[str, tuple[int, bool, int, bool]] = {}
    for name, format_ in FORMATS.items():
        fits = [format_.detect(row) for row in rows]
        readable, marked = sum(fit > Fit.NO for fit in fits), fits.count(Fit.MARKED)
        if readable:
            special = marked > 0 and not format_.general
            ranks[name] = (readable, special, marked, format_.general)
    if any(general for *_, general in ranks.values()):
        ranks = {name: rank for name, rank in ranks.items() if rank[1] or rank[3]}
    best = max(ranks.values(), default=None)
    return [name for name, rank in ranks.items() if rank == best]


def other_format(row: dict[str, Any], name: str) -> str:
    """The format of a row that cannot be one of `name`; "" where it can, or has none."""
    if FORMATS[name].detect(row):
        return ""
    return next(iter(_best([row])), "")


def looks_like_row(value: Any) -> bool:
    """Whether a JSON value is a row of some format."""
    return isinstance(value, dict) and any(f.detect(value) for f in FORMATS.values())
