"""From a rendered row, or a row of a shard, to what there is to see of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from agentdata.example import Example, Rendered, example, fitted
from agentdata.house import House
from agentdata.loss_scale import Trace
from agentdata.loss_scale.trace import Steps
from agentdata.show.pieces import Pieces, decoded
from agentdata.show.view import CUT, FIRST, NO_MESSAGE, Place, Tells, TokenView
from agentdata.tokenization import Tokens, places


def view_of(
    row: Rendered, tokens: Tokens, house: House, place: Place, raw: Any = None
) -> TokenView:
    """The view of a rendered row; `row` must be traced."""
    assert row.trace is not None
    whole = example(row, tokens, house.recipe)
    weights, note, notes = _as_written(whole, house)
    segments = row.prompt.segments
    ends = np.cumsum([len(segment.text) for segment in segments])
    segment = places(ends, np.maximum(tokens.ends - 1, tokens.starts))
    messages = np.array([_number(s.message) for s in segments], np.int32)
    reasons, straddling = _reasons(tokens, whole.loss_weights, row.trace)
    tells = Tells(
        kinds=whole.kinds,
        messages=messages[segment],
        mark=np.array([s.control for s in segments], bool)[segment],
        straddling=straddling,
        reasons=reasons,
        notes=note,
        roles=tuple(message.role for message in row.conversation.messages),
    )
    warnings = {*row.conversation.warnings, *row.prompt.warnings, *house.warnings}
    return TokenView(
        place=place,
        about={
            "template": house.template.name,
            "loss_scale": house.loss_scale.spec,
            "tokenizer": house.recipe.tokenizer,
        },
        text=row.prompt.text,
        ids=tokens.ids,
        starts=tokens.starts,
        ends=tokens.ends,
        weights=weights,
        pieces=tuple(Pieces(house.encoder.tokenizer).of(tokens.ids.tolist())),
        tells=tells,
        raw=raw,
        notes=(*notes, *(f"warning: {code}" for code in sorted(warnings))),
    )


def _number(message: int | None) -> int:
    return NO_MESSAGE if message is None else message


def _as_written(
    whole: Example, house: House
) -> tuple[npt.NDArray[np.float32], tuple[str, ...], list[str]]:
    """The weights as the shards would hold them, a note for each token, and what to say of it."""
    weights = whole.loss_weights
    note = [""] * len(weights)
    note[:1] = [FIRST]
    notes: list[str] = []
    limit = house.recipe.max_length
    if limit is None or len(weights) <= limit:
        if not (weights > 0).any():
            notes.append("no token is trained: compile leaves this row out (no_trained_tokens)")
        return weights, tuple(note), notes
    rule = house.recipe.overflow
    notes.append(f"{len(weights):,} tokens, --max-length {limit:,}: --overflow {rule}")
    if rule == "error":
        return weights, tuple(note), notes
    pieces = fitted(whole, house.recipe)
    kept = np.zeros_like(weights)
    start = len(weights) - limit if rule == "truncate_left" else 0
    written = np.zeros(len(weights), bool)
    for piece in pieces:
        end = start + len(piece.input_ids)
        kept[start:end] = piece.loss_weights
        written[start:end] = True
        note[start] = FIRST
        start = end
    for token in np.flatnonzero(~written).tolist():
        note[token] = CUT
    return kept, tuple(note), notes


def _reasons(
    tokens: Tokens, weights: npt.NDArray[np.float32], trace: Trace
) -> tuple[tuple[Steps, ...], npt.NDArray[np.bool_]]:
    """The factors of each token's weight, and whether its characters differ in weight."""
    steps = [run for _, run in trace.runs]
    ends = np.array([end for end, _ in trace.runs], np.int64)
    products = np.array([np.prod([step.weight for step in run]) for run in steps], np.float32)
    if not len(ends):
        return ((),) * len(weights), np.zeros(len(weights), bool)
    most = len(ends) - 1
    first = np.minimum(np.searchsorted(ends, tokens.starts, side="right"), most)
    last_character = np.maximum(tokens.ends - 1, tokens.starts)
    last = np.minimum(np.searchsorted(ends, last_character, side="right"), most)
    chosen = first.copy()
    straddling = np.zeros(len(weights), bool)
    for token in np.flatnonzero(first != last).tolist():
        own = products[first[token] : last[token] + 1]
        straddling[token] = bool((own != own[0]).any())
        # The token weighs what one of its characters does: that one's factors explain it.
        same = np.flatnonzero(own == weights[token])
        chosen[token] = first[token] + (int(same[0]) if len(same) else 0)
    return tuple(steps[run] for run in chosen.tolist()), straddling


def from_shard(
    place: Place,
    about: dict[str, str],
    ids: npt.NDArray[np.int32],
    weights: npt.NDArray[np.float32],
    pieces: list[bytes],
    notes: tuple[str, ...],
) -> TokenView:
    """The view of a row of a shard, without what only the source could tell."""
    found = decoded(pieces)
    return TokenView(
        place, about, found.text, ids, found.starts, found.ends, weights, tuple(pieces), notes=notes
    )
