"""Rows of raw sources, found by number, by id, or by how bad they are."""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np

from agentdata.errors import AgentDataError, RowError
from agentdata.example import Rendered, example, media_fault
from agentdata.house import House, open_house
from agentdata.intake import COMPANION, Task, plan_tasks, read_conversation, read_rows
from agentdata.recipe import Recipe
from agentdata.redaction import redacted
from agentdata.shards.tool_counts import ToolCounts
from agentdata.show.build import view_of
from agentdata.show.view import NoView, Place, Seen
from agentdata.sources import BadRow, RawRow
from agentdata.tool_choice.irrelevant import SUFFIX
from agentdata.work import BATCH_ROWS, ReadyRow, made_row, render_row

_PIECE = re.compile(rf"(.+)(?:[#@~]\d+|{re.escape(SUFFIX)})", re.DOTALL)

Worst = Literal["loss", "straddle", "long"]
"""The smallest share of trained tokens; the most tokens over several weights; the most tokens."""


@dataclass(frozen=True, slots=True)
class Found:
    """A raw row, and its number counted from 0 over all sources."""

    number: int
    task: Task
    raw: RawRow | BadRow


class RawRows:
    """The rows of a recipe's sources, each to be seen with that recipe.

    Raises what `open_house` and `plan_tasks` raise.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.house = open_house(recipe)
        self._tasks = plan_tasks(recipe.sources, recipe.format)

    def from_number(self, first: int, count: int) -> list[Found]:
        """At most `count` rows from `first` on. Raises AgentDataError `no_such_row`."""
        found = list(islice(self._rows(), first, first + count))
        if not found:
            number = sum(1 for _ in self._rows())
            raise AgentDataError(
                "no_such_row",
                f"--row {first}: there are {number} rows",
                remedy=f"rows count from 0 to {number - 1}",
            )
        return found

    def by_id(self, id_: str) -> Found:
        """The row with this id. Raises AgentDataError `no_such_row`."""
        wanted = base_ids(id_)
        for found in self._rows():
            if self.id_of(found) in wanted:
                return found
        raise AgentDataError(
            "no_such_row", f"--id {id_}: no row has it", remedy="--row N takes a number from 0 on"
        )

    def of_source(self, source: str, ids: Collection[str]) -> Iterator[Found]:
        """The rows of one file whose id is one of these."""
        for found in self._rows(source):
            if self.id_of(found) in ids:
                yield found

    def worst(self, by: Worst, count: int) -> list[Found]:
        """The `count` worst rows of all that are written, the worst first."""
        best = heapq.nlargest(count, self._measured(by), key=lambda item: item[0])
        if not best:
            raise AgentDataError("no_such_row", f"--worst {by}: no row can be rendered")
        return [found for _, found in best]

    def seen(self, found: Found, house: House | None = None) -> list[Seen]:
        """What there is to see of a row: more than one view where it becomes several rows."""
        house = house or self.house
        raw, line = found.raw, found.raw.line
        source = str(found.task.unit.path)
        value = raw.value if isinstance(raw, RawRow) else raw.raw
        try:
            row = render_row(self._redacted(raw), found.task, house, traced=True)
            parts = [*row.parts, *_beside(row, found.task, house)]
            tokens = house.encoder.encode_batch([part.prompt for part in parts])
            if (fault := media_fault(parts, tokens)) is not None:
                raise fault
        except RowError as error:
            place = Place(found.number, self.id_of(found) or "", source, line)
            prefix = raw.pointer_prefix if isinstance(raw, RawRow) else ""
            return [NoView(place, error.code, str(error), prefix + error.pointer, value)]
        return [
            view_of(
                part,
                own,
                house,
                Place(found.number, part.conversation.id + part.suffix, source, line),
                row.raw.value,
            )
            for part, own in zip(parts, tokens, strict=True)
        ]

    def id_of(self, found: Found) -> str | None:
        """The id of a row; None where it cannot be read."""
        try:
            return read_conversation(found.raw, found.task).id
        except RowError:
            return None

    def _redacted(self, raw: RawRow | BadRow) -> RawRow | BadRow:
        kinds = self.house.recipe.redact
        return redacted(raw, kinds)[0] if kinds else raw

    def _rows(self, source: str | None = None) -> Iterator[Found]:
        number = 0
        for task in self._tasks:
            if task.format == COMPANION or source not in (None, str(task.unit.path)):
                continue
            for raw in read_rows(task):
                yield Found(number, task, raw)
                number += 1

    def _measured(self, by: Worst) -> Iterator[tuple[float, Found]]:
        rows = self._rows()
        recipe = self.house.recipe
        while batch := list(islice(rows, BATCH_ROWS)):
            ready = []
            for found in batch:
                try:
                    row = render_row(self._redacted(found.raw), found.task, self.house)
                except RowError:
                    continue
                ready += [(found, part) for part in row.parts]
            encoded = self.house.encoder.encode_batch([part.prompt for _, part in ready])
            for (found, part), tokens in zip(ready, encoded, strict=True):
                whole = example(part, tokens, recipe)
                trained = float(np.mean(whole.loss_weights > 0))
                measures = {
                    "loss": -trained,
                    "straddle": float(whole.straddling),
                    "long": float(len(whole.input_ids)),
                }
                yield measures[by], found


def _beside(row: ReadyRow, task: Task, house: House) -> list[Rendered]:
    """The rows that are put beside one that was read."""
    with suppress(RowError):
        if (made := made_row(row, task, house, ToolCounts(), traced=True)) is not None:
            return made.parts
    return []


def base_ids(id_: str) -> list[str]:
    """The ids that the conversation of a row of a shard may have: without the numbers that are put
    behind those of pieces (`#1`), of further rows (`@1`) and of ids that come again, and without
    the mark of a row that was made beside another.

    >>> base_ids("chat@1#2")
    ['chat@1#2', 'chat@1', 'chat']
    """
    found = [id_]
    while match := _PIECE.fullmatch(found[-1]):
        found.append(match[1])
    return found
