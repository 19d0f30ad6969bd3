"""The other side of a comparison: the same rows by another recipe, or in another directory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from agentdata.errors import AgentDataError, UsageError
from agentdata.loss_scale import parse_weights
from agentdata.recipe import Recipe, make_recipe, parse_template_args
from agentdata.shards.manifest import MANIFEST_NAME
from agentdata.show.columns import Sides
from agentdata.show.compiled import CompiledRows
from agentdata.show.rows import Found, RawRows
from agentdata.show.view import Seen

CHANGES = (
    "tokenizer",
    "template",
    "template_arg",
    "template_date",
    "train_injected",
    "unstable",
    "agent_template",
    "loss_scale",
    "weights",
    "max_length",
    "overflow",
    "special_tokens_in_text",
    "straddle",
)
"""What one may change by `--diff`: options that say how a row is rendered, weighed and cut."""


def is_directory(others: Sequence[str]) -> bool:
    """Whether `--diff` names a compiled directory. Raises UsageError if it names more."""
    named = [other for other in others if (Path(other) / MANIFEST_NAME).is_file()]
    if named and len(others) > 1:
        raise UsageError(
            "bad_option", f"--diff {named[0]}: a directory is all of the other side", remedy="alone"
        )
    return bool(named)


def changed(recipe: Recipe, others: Sequence[str]) -> Recipe:
    """The recipe with the changes that `--diff` names, as `loss_scale=react`. Raises UsageError.

    >>> changed(Recipe(sources=["a"], tokenizer="bundled"), ["loss-scale=react"]).loss_scale
    'react'
    """
    values: dict[str, Any] = recipe.model_dump()
    for other in others:
        match = re.fullmatch(r"([a-z_-]+)=(.+)", other, re.DOTALL)
        key = match[1].replace("-", "_") if match else ""
        if match is None or key not in CHANGES:
            raise UsageError(
                "bad_option",
                f"--diff {other}: neither a compiled directory nor OPTION=VALUE",
                remedy=f"one of: {', '.join(CHANGES)}",
            )
        value: Any = match[2]
        if key == "weights":
            value = parse_weights(value)
        elif key == "template_arg":
            value = values["template_arg"] | parse_template_args([value])
        values[key] = value
    return make_recipe(values)


def raw_sides(rows: RawRows, found: Sequence[Found], other: RawRows) -> list[Sides]:
    """Raw rows as two recipes make them."""
    return [pair for each in found for pair in zip_longest(rows.seen(each), other.seen(each))]


def compiled_sides(seen: Sequence[Seen], other: RawRows) -> list[Sides]:
    """Rows of a compiled directory, and their raw rows as another recipe makes them."""
    sides: list[Sides] = []
    for view in seen:
        made = other.seen(other.by_id(view.place.id))
        same = [one for one in made if one.place.id == view.place.id]
        sides.append((view, (same or made)[0]))
    return sides


def directory_sides(seen: Sequence[Seen], other: CompiledRows) -> list[Sides]:
    """Rows, and those of the same id in a compiled directory."""
    sides: list[Sides] = []
    for view in seen:
        try:
            same: Seen | None = next(iter(other.by_id(view.place.id)), None)
        except AgentDataError as error:
            if error.code != "no_such_row":
                raise
            same = None
        sides.append((view, same))
    return sides
