"""Rows of a compiled directory, with what their sources still tell of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agentdata.assets import tokenizer_dir
from agentdata.errors import AgentDataError, UsageError
from agentdata.recipe import Recipe, make_recipe
from agentdata.shards.reader import ShardDataset, open_shard
from agentdata.show.build import from_shard
from agentdata.show.pieces import Pieces
from agentdata.show.rows import RawRows, Worst, base_ids
from agentdata.show.view import FIRST, Place, Seen, TokenView
from agentdata.tokenization import load_tokenizer

SOURCE_GONE = "the source is not there any more: kinds, messages and reasons are not known"
SOURCE_CHANGED = (
    "the source no longer gives these tokens: kinds, messages and reasons are not known"
)


@dataclass(frozen=True, slots=True)
class _Sequence:
    place: Place
    ids: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    notes: tuple[str, ...] = ()


class CompiledRows:
    """The rows of one split of a compiled directory, decoded by the tokenizer that the manifest
    names, or by `tokenizer` where that has moved.

    Raises what `ShardDataset` and `load_tokenizer` raise; AgentDataError `other_tokenizer`.
    """

    def __init__(
        self, directory: Path, *, split: str | None = None, tokenizer: str | None = None
    ) -> None:
        self.directory = directory
        self._split = split or "train"
        self.rows = ShardDataset(directory, self._split)
        manifest = self.rows.manifest
        values: dict[str, Any] = dict(manifest.recipe)
        if tokenizer is not None:
            values["tokenizer"] = tokenizer
        self.recipe: Recipe = make_recipe(values)
        name = self.recipe.tokenizer
        loaded = load_tokenizer(str(tokenizer_dir()) if name == "bundled" else name)
        if loaded.fingerprint != manifest.fingerprints.get("tokenizer"):
            raise AgentDataError(
                "other_tokenizer",
                f"--tokenizer {name} is not the one that {directory} was compiled with",
                remedy="name the tokenizer.json of then",
            )
        self._pieces = Pieces(loaded)
        self._raw: RawRows | None = None

    def from_number(self, first: int, count: int) -> list[Seen]:
        """What there is to see of at most `count` rows from `first` on."""
        if first >= len(self.rows):
            raise AgentDataError(
                "no_such_row",
                f"--row {first}: {self.directory} has {len(self.rows)} rows of {self._split}",
                remedy=f"rows count from 0 to {len(self.rows) - 1}",
            )
        last = min(first + count, len(self.rows))
        return self._seen(range(first, last))

    def by_id(self, id_: str) -> list[Seen]:
        """What there is to see of the row with this id."""
        start = 0
        name = "ids" if self.rows.packed else "id"
        for shard in self.rows.manifest.shards:
            if shard.split != self._split:
                continue
            column = open_shard(self.directory, shard, self.rows.manifest).column(name)
            for number, value in enumerate(column.to_pylist()):
                if value == id_ or (name == "ids" and id_ in value):
                    seen = self._seen([start + number])
                    return [view for view in seen if view.place.id == id_]
            start += shard.rows
        raise AgentDataError(
            "no_such_row",
            f"--id {id_}: no row of {self._split} in {self.directory} has it",
            remedy="look for it among the raw sources: it may have been rejected or filtered",
        )

    def worst(self, by: Worst, count: int) -> list[Seen]:
        """What there is to see of the `count` worst rows."""
        if by == "straddle":
            rows = self.raw_rows()
            if rows is None:
                raise UsageError(
                    "source_gone",
                    "--worst straddle: shards do not tell, and the sources are gone",
                    remedy="--worst loss and --worst long need the shards alone",
                )
            return [seen for found in rows.worst(by, count) for seen in rows.seen(found)]
        lengths = np.maximum(self.rows.lengths, 1)
        bad = lengths if by == "long" else -(self.rows.trained_tokens / lengths)
        return self._seen(np.argsort(-bad, kind="stable")[:count].tolist())

    def raw_rows(self) -> RawRows | None:
        """The raw rows of those sources that are still there; None where none is."""
        if self._raw is None:
            there = [
                counts.source
                for counts in self.rows.manifest.sources
                if Path(counts.source).is_file()
            ]
            if there:
                self._raw = RawRows(self.recipe.model_copy(update={"sources": there}))
        return self._raw

    def other(self, change: Callable[[Recipe], Recipe]) -> RawRows:
        """The raw rows with another recipe. Raises UsageError `source_gone`."""
        rows = self.raw_rows()
        if rows is None:
            raise UsageError(
                "source_gone",
                f"--diff: the sources of {self.directory} are gone, so they cannot be rendered",
                remedy="compare with another compiled directory",
            )
        return RawRows(change(rows.house.recipe))

    def _seen(self, numbers: Sequence[int]) -> list[Seen]:
        sequences = [part for number in numbers for part in self._sequences(number)]
        found = self._sourced(sequences)
        return [found.get(index) or self._alone(part) for index, part in enumerate(sequences)]

    def _sequences(self, number: int) -> list[_Sequence]:
        row = self.rows[number]
        if not self.rows.packed:
            place = Place(number, row["id"], row["source"])
            return [_Sequence(place, row["input_ids"], row["loss_weights"])]
        parts = []
        ends = np.cumsum(row["seq_lengths"]).tolist()
        count = len(ends)
        for index, (id_, end) in enumerate(zip(row["ids"], ends, strict=True)):
            start = ends[index - 1] if index else 0
            note = (f"sequence {index + 1} of {count} in packed row {number}",)
            ids, weights = row["input_ids"][start:end], row["loss_weights"][start:end]
            parts.append(_Sequence(Place(number, id_, row["source"]), ids, weights, note))
        return parts

    def _alone(self, part: _Sequence) -> TokenView:
        gone = SOURCE_GONE if self.raw_rows() is None else SOURCE_CHANGED
        return from_shard(
            part.place,
            self._about(),
            part.ids,
            part.weights,
            self._pieces.of(part.ids.tolist()),
            (*part.notes, gone),
        )

    def _about(self) -> dict[str, str]:
        recipe = self.recipe
        return {
            "template": f"{recipe.template} + {recipe.agent_template}",
            "loss_scale": recipe.loss_scale,
            "tokenizer": recipe.tokenizer,
        }

    def _sourced(self, sequences: Sequence[_Sequence]) -> dict[int, Seen]:
        """The views that the sources give of sequences, by index: those whose tokens and weights
        are still the same."""
        rows = self.raw_rows()
        if rows is None:
            return {}
        wanted: dict[str, dict[str, list[int]]] = {}
        for index, part in enumerate(sequences):
            for source in part.place.source.split(","):
                for id_ in base_ids(part.place.id):
                    wanted.setdefault(source, {}).setdefault(id_, []).append(index)
        views: dict[int, Seen] = {}
        for source, ids in wanted.items():
            left = {index for indices in ids.values() for index in indices} - views.keys()
            for found in rows.of_source(source, ids.keys()) if left else ():
                candidates = [i for i in ids[rows.id_of(found) or ""] if i not in views]
                seen = [view for view in rows.seen(found) if isinstance(view, TokenView)]
                for index in candidates:
                    part = sequences[index]
                    for view in seen:
                        if (same := _same(view, part, found.task.unit.path)) is not None:
                            views[index] = same
                            left.discard(index)
                            break
                if not left:
                    break
        return views


def _same(view: TokenView, part: _Sequence, path: Path) -> TokenView | None:
    """The piece of a view that is the sequence; None where there is none."""
    count = len(part.ids)
    if count == len(view.ids):
        starts = [0]
    else:
        last = max(len(view.ids) - count + 1, 0)
        starts = np.flatnonzero(view.ids[:last] == part.ids[0]).tolist()
    for start in starts:
        if np.array_equal(view.ids[start : start + count], part.ids) and np.array_equal(
            view.weights[start : start + count], part.weights
        ):
            place = replace(part.place, source=str(path), line=view.place.line)
            cut = view if count == len(view.ids) else piece(view, start, start + count)
            return replace(cut, place=place, notes=(*part.notes, *view.notes))
    return None


def piece(view: TokenView, start: int, end: int) -> TokenView:
    """The tokens [`start`, `end`) of a view, and the text under them."""
    first, last = int(view.starts[start]), int(view.ends[end - 1])
    tells = view.tells
    if tells is not None:
        tells = replace(
            tells,
            kinds=tells.kinds[start:end],
            messages=tells.messages[start:end],
            mark=tells.mark[start:end],
            straddling=tells.straddling[start:end],
            reasons=tells.reasons[start:end],
            notes=(FIRST, *tells.notes[start + 1 : end]),
        )
    return replace(
        view,
        text=view.text[first:last],
        ids=view.ids[start:end],
        starts=view.starts[start:end] - first,
        ends=view.ends[start:end] - first,
        weights=view.weights[start:end],
        pieces=view.pieces[start:end],
        tells=tells,
    )
