"""One conversation to the examples that stand in the shards, and what they count."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from agentdata.conversation import Conversation
from agentdata.errors import AgentDataError, RowError
from agentdata.house import House, wire_of_template
from agentdata.loss_scale import Trace, Weights, any_weight, weigh, weigh_kinds, weights_within
from agentdata.loss_scale.kinds import CALL_PARTS
from agentdata.loss_scale.spec import Strategy
from agentdata.media.desk import Placed, RowMedia
from agentdata.media.place import with_stand_ins
from agentdata.media.tokens import MediaTokens, check_tokens, in_tokens
from agentdata.recipe import Recipe
from agentdata.templates import Kind, Prompt
from agentdata.templates.model_turns import model_turns
from agentdata.templates.parsing.parts import CallPart, call_parts
from agentdata.templates.stability import PlacedTurn, stable_rows
from agentdata.tokenization import (
    PrefixCheck,
    TokenRows,
    Tokens,
    places,
    row_weights,
    stretches,
)
from agentdata.values import value

UNKNOWN_CALL_PARTS = "unknown_call_parts"
"""Counted where the name and arguments of a call are not known, which then weigh as `tool_call`."""

KINDS = tuple(Kind)
"""The kinds in the order of their numbers."""
_NUMBER = {kind: number for number, kind in enumerate(KINDS)}


@value
class Example:
    """One row of a shard: `input_ids` int32[n], `loss_weights` float32[n], aligned, not shifted.

    `kinds` int8[n] is the number of each token's kind in `KINDS`, `trained` how many tokens have
    weight; `media` what is in the row of images, videos and audio, None if nothing.
    """

    id: str
    input_ids: npt.NDArray[np.int32]
    loss_weights: npt.NDArray[np.float32]
    kinds: npt.NDArray[np.int8]
    straddling: int
    trained: int
    media: MediaTokens | None = None


@value
class Rendered:
    """A conversation's prompt, or that of its beginning, and the weights of its characters.

    `turns` are the turns that it trains, each with the end of the prompt that a server would build
    for it; `whole` is the row that the conversation gives as it stands. `trace` says what set each
    weight, where that was asked for.
    """

    conversation: Conversation
    prompt: Prompt
    weights: Weights
    turns: tuple[PlacedTurn, ...] = ()
    whole: bool = True
    suffix: str = ""
    media: Placed | None = None
    trace: Trace | None = None


def rendered(conversation: Conversation, house: House, *, traced: bool = False) -> list[Rendered]:
    """The prompts and weights of a conversation: one, or several where no single row trains every
    turn as a server would ask for it (see `stable_rows`)."""
    prompt = house.template.render(conversation)
    trace = Trace() if traced else None
    weights, unknown = _weighed(conversation, prompt, house, trace)
    if unknown:
        warnings = (*conversation.warnings, *[UNKNOWN_CALL_PARTS] * unknown)
        conversation = replace(conversation, warnings=warnings)
    if house.loss_scale.strategy is Strategy.ALL:
        return [Rendered(conversation, prompt, weights, trace=trace)]
    weighs = any_weight(weights)
    turns = [turn for turn in model_turns(prompt.segments) if weighs(turn.words or turn.spans)]
    rows = stable_rows(conversation, house.template, prompt, turns, house.recipe.unstable)
    if not rows:
        return [Rendered(conversation, prompt, weights, trace=trace)]
    if len(rows) == 1 and rows[0].whole and len(rows[0].turns) == len(turns):
        return [Rendered(conversation, prompt, weights, rows[0].turns, trace=trace)]
    out = []
    for number, row in enumerate(rows):
        part = replace(conversation, messages=conversation.messages[: row.messages])
        spans = [span for placed in row.turns for span in placed.turn.spans]
        trace = Trace() if traced else None
        own = weights_within(_weighed(part, row.prompt, house, trace)[0], spans, trace)
        suffix = f"@{number}" if number else ""
        made = Rendered(part, row.prompt, own, row.turns, row.whole, suffix, trace=trace)
        out.append(made)
    return out


def rendered_with_media(
    conversation: Conversation, media: RowMedia, house: House, *, traced: bool = False
) -> list[Rendered]:
    """The prompts and weights of a conversation with media, these in place.

    A chat template that writes the model's tokens for them is left to do so; where it has no place
    for one, they stand where the texts have them. Raises RowError, `media_mismatch` among others.
    """
    if house.desk.template_marks and not media.as_text:
        with suppress(RowError):
            rows = rendered(conversation, house, traced=traced)
            return [_with_media(row, media, house) for row in rows]
    rows = rendered(with_stand_ins(conversation), house, traced=traced)
    return [_with_media(row, media, house) for row in rows]


def _with_media(row: Rendered, media: RowMedia, house: House) -> Rendered:
    put = house.desk.put(row.prompt, row.weights, media, row.conversation)
    turns = tuple(
        replace(placed, prompt_end=put.expanded.shifted(placed.prompt_end))
        if placed.prompt_end is not None
        else placed
        for placed in row.turns
    )
    if row.trace is not None:
        row.trace.put_media(put.expanded.shifted, put.expanded.spans.tolist())
    return replace(
        row,
        prompt=put.expanded.prompt,
        weights=put.expanded.weights,
        turns=turns,
        media=put.placed,
    )


def media_fault(
    rows: Sequence[Rendered], tokens: Sequence[Tokens], first: int = 0
) -> RowError | None:
    """What is wrong with the tokens of media in these rows, if anything; `tokens` are theirs from
    the item `first` on."""
    for number, row in enumerate(rows, first):
        if row.media is not None:
            try:
                check_tokens(row.media, tokens[number])
            except RowError as error:
                return error
    return None


def _weighed(
    conversation: Conversation, prompt: Prompt, house: House, trace: Trace | None
) -> tuple[Weights, int]:
    """The weights of a prompt, and the number of calls whose parts are not known."""
    weights = weigh(prompt, conversation, house.loss_scale, trace)
    kinds = house.recipe.weights
    if not kinds:
        return weights, 0
    parts: list[CallPart] = []
    unknown = 0
    wire = wire_of_template(house.template)
    if wire is not None and not kinds.keys().isdisjoint(CALL_PARTS):
        parts, unknown = call_parts(prompt, conversation, wire)
    return weigh_kinds(prompt, weights, kinds, parts, trace), unknown


def judged(row: Rendered, tokens: Sequence[Tokens], number: int, check: PrefixCheck) -> list[str]:
    """What became of each turn of a row, of which the tokens are `tokens[number]`: `stable`,
    `split` (stable in a row of less than the conversation) or `kept` (trained though it is not
    stable).

    Exact to the token: that a server's prompt is how the text begins is not enough where its last
    token goes on into the model's words.
    """
    ends = [placed.prompt_end for placed in row.turns if placed.prompt_end is not None]
    held = iter(check.hold(row.prompt, tokens, number, ends))
    good = "stable" if row.whole else "split"
    return [
        good if placed.prompt_end is not None and next(held) else "kept" for placed in row.turns
    ]


def example(row: Rendered, tokens: Tokens, recipe: Recipe) -> Example:
    """The example of a rendered row, whole."""
    return examples([row], [tokens], recipe)[0]


def examples(rows: Sequence[Rendered], tokens: Sequence[Tokens], recipe: Recipe) -> list[Example]:
    """The examples of rendered rows, whole."""
    if not rows:
        return []
    joined = TokenRows.of(tokens)
    values, straddling = row_weights(joined, [row.weights for row in rows], recipe.straddle)
    ends = [row.prompt.ends for row in rows]
    numbers = np.array([_NUMBER[s.kind] for row in rows for s in row.prompt.segments], np.int8)
    kinds = numbers[places(stretches(joined, ends), joined.last)]
    trained, straddlers = joined.per_row(values > 0), joined.per_row(straddling)
    return [
        Example(
            id=row.conversation.id + row.suffix,
            input_ids=joined.ids[start:end],
            loss_weights=values[start:end],
            kinds=kinds[start:end],
            straddling=straddled,
            trained=count,
            media=in_tokens(row.media, joined[number]) if row.media is not None else None,
        )
        for number, (row, (start, end), straddled, count) in enumerate(
            zip(rows, pairwise(joined.borders.tolist()), straddlers, trained, strict=True)
        )
    ]


def fitted(whole: Example, recipe: Recipe) -> list[Example]:
    """The example cut to `max_length` as `overflow` says; [] where it is dropped.

    A cut that would fall among the tokens of an image falls before them, at the beginning of a row
    behind them. Raises AgentDataError `too_long` under `error`.
    """
    length, limit = len(whole.input_ids), recipe.max_length
    if recipe.pack and (limit is None or limit > recipe.pack):
        limit = recipe.pack
    if limit is None or length <= limit:
        return [whole]
    match recipe.overflow:
        case "drop":
            return []
        case "error":
            raise AgentDataError(
                "too_long",
                f"row {whole.id} has {length} tokens, over the limit of {limit}",
                remedy="raise --max-length or choose another --overflow",
            )
        case "truncate_left":
            first = length - limit
            if whole.media is not None:
                first = whole.media.cut_at(first, later=True)
            return [_cut(whole, first, length, "")] if first < length else []
        case "truncate_right":
            last = limit if whole.media is None else whole.media.cut_at(limit)
            return [_cut(whole, 0, last, "")] if last else []
        case "split":
            return [
                _cut(whole, start, end, f"#{number}" if number else "")
                for number, (start, end) in enumerate(_pieces(whole, limit))
            ]


def _pieces(whole: Example, limit: int) -> list[tuple[int, int]]:
    """[start, end) of the pieces of a row; none where an image alone is longer than a piece."""
    length, start = len(whole.input_ids), 0
    pieces = []
    while start < length:
        end = min(start + limit, length)
        if whole.media is not None and end < length:
            end = whole.media.cut_at(end)
        if end <= start:
            return []
        pieces.append((start, end))
        start = end
    return pieces


def _cut(whole: Example, start: int, end: int, suffix: str) -> Example:
    weights = whole.loss_weights[start:end].copy()
    weights[:1] = 0.0  # the first token is never predicted
    return Example(
        whole.id + suffix,
        whole.input_ids[start:end],
        weights,
        whole.kinds[start:end],
        whole.straddling if start == 0 else 0,
        int(np.count_nonzero(weights > 0)),
        whole.media.within(start, end) if whole.media is not None else None,
    )
