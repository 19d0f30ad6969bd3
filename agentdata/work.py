"""One unit of work: raw rows of a file in, examples and rejects in part files out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

from agentdata.checks import checked, raw_pointer
from agentdata.conversation import Conversation
from agentdata.draws import place_of, row_key
from agentdata.errors import AgentDataError, RowError
from agentdata.example import (
    Example,
    Rendered,
    examples,
    fitted,
    judged,
    media_fault,
    rendered,
    rendered_with_media,
)
from agentdata.house import House
from agentdata.intake import COMPANION, Task, read_conversation, read_rows, reject_line
from agentdata.journal import Done, Parts
from agentdata.recipe import Recipe
from agentdata.redaction import redacted
from agentdata.shards.manifest import SourceCounts
from agentdata.shards.parts import PartWriter
from agentdata.shards.tool_counts import ToolCounts
from agentdata.sources import BadRow, RawRow
from agentdata.tally import Tallier
from agentdata.templates.stability import UnstableTurnError
from agentdata.tokenization import PrefixCheck, TokenRows
from agentdata.tool_choice import ServedRow
from agentdata.values import value

BATCH_ROWS = 64
NOT_WRITTEN = "not_written"
"""Of rows made beside those that were read: one that cannot be written."""
TOKENS_DIFFER = "tokens_differ"
"""Warning: the faster way to tokens gave others than the tokenizer, whose own were then taken."""


class TokensDifferError(AgentDataError):
    """A row's tokens are not the tokenizer's own: what was done so far is not to be trusted."""


def run_task(house: House, task: Task, parts: Parts, limit: int | None = None) -> Done:
    """Read, render, weigh, tokenize and write the rows of one task (at most `limit` of them).

    What it wrote is whole and on the disk once this returns; before that there is nothing.
    """
    counts = SourceCounts(source=str(task.unit.path), formats={task.format: 1})
    splits = {split: parts.part(task.index, split) for split in ("train", *house.recipe.split)}
    rejects_path = parts.rejects(task.index)
    paths = [rejects_path, *splits.values()]
    with parts.writing(paths) as temporary, ExitStack() as stack:
        rejects = stack.enter_context(temporary[rejects_path].open("wb"))
        media = house.desk.info is not None
        writers = {
            split: stack.enter_context(PartWriter(temporary[path], media=media))
            for split, path in splits.items()
        }
        for row, kept in _examples(house, task, counts, rejects, limit):
            split = split_of(row, house.recipe.split)
            for part in kept:
                writers[split].add(part, counts.source)
    return parts.log(task.index, counts, paths)


def measure_task(house: House, task: Task, limit: int | None = None) -> SourceCounts:
    """The counts of one task, with nothing written."""
    counts = SourceCounts(source=str(task.unit.path), formats={task.format: 1})
    for _ in _examples(house, task, counts, None, limit):
        pass
    return counts


def split_of(row: Rendered, shares: dict[str, float]) -> str:
    """The split of a row, by a hash of its id: the same whatever rows are added."""
    if not shares:
        return "train"
    place = place_of(row_key(row.conversation))
    for name, share in shares.items():
        if place < share:
            return name
        place -= share
    return "train"


def _examples(
    house: House,
    task: Task,
    counts: SourceCounts,
    rejects: BinaryIO | None,
    limit: int | None,
) -> Iterator[tuple[Rendered, list[Example]]]:
    """The rows that are written, with their examples; all others are counted, and why."""
    stream = islice(read_rows(task), limit)
    if task.format == COMPANION:
        counts.read = counts.merged = sum(1 for _ in stream)
        return
    if house.tools is not None:
        counts.tool_counts()
    check, tallier = PrefixCheck(house.encoder), Tallier(house.encoder)
    while batch := list(islice(stream, BATCH_ROWS)):
        counts.read += sum(raw.records for raw in batch)
        counts.merged += sum(raw.records - 1 for raw in batch)
        ready: list[ReadyRow] = []
        prompts = 0
        # All are read before any is rendered: what one step needs stays in the processor's caches.
        read = [_read(raw, task, house, counts) for raw in batch]
        for raw, conversation in read:
            try:
                row = _served_row(raw, conversation, task, house, traced=False)
            except RowError as error:
                _reject(error, raw, task, counts, rejects, house.recipe)
                continue
            if ready and prompts + len(row.parts) > BATCH_ROWS:
                yield from _encoded(house, task, check, ready, counts, tallier, rejects)
                ready, prompts = [], 0
            made = _made_of(row, task, house, counts)
            ready += [row] if made is None else [row, made]
            prompts += len(row.parts) + (len(made.parts) if made is not None else 0)
        yield from _encoded(house, task, check, ready, counts, tallier, rejects)
    counts.tally = tallier.tally()


@value
class ReadyRow:
    """A raw row, its conversation, and the rows that this is rendered as.

    `served` is what became of its tools, where an option on them is given; `given` is the
    conversation with the tools that the data offer. `made` rows stand beside one that was read.
    """

    raw: RawRow
    conversation: Conversation
    parts: list[Rendered]
    given: Conversation
    served: ServedRow | None = None
    made: bool = False


def render_row(raw: RawRow | BadRow, task: Task, house: House, *, traced: bool = False) -> ReadyRow:
    """The rows that a raw row is rendered as, checked. Raises RowError."""
    return _served_row(raw, _checked_row(raw, task, house), task, house, traced=traced)


def _checked_row(raw: RawRow | BadRow, task: Task, house: House) -> Conversation:
    conversation = read_conversation(raw, task)
    assert isinstance(raw, RawRow)
    return checked(conversation, house.recipe.check, raw.value)


def _read(
    raw: RawRow | BadRow, task: Task, house: House, counts: SourceCounts
) -> tuple[RawRow | BadRow, Conversation | RowError]:
    """A raw row, redacted where that is asked for, and its conversation or what is wrong."""
    if house.recipe.redact:
        raw, kinds = redacted(raw, house.recipe.redact)
        counts.redacted.update(dict.fromkeys(kinds, 1))
    try:
        return raw, _checked_row(raw, task, house)
    except RowError as error:
        return raw, error


def _served_row(
    raw: RawRow | BadRow,
    conversation: Conversation | RowError,
    task: Task,
    house: House,
    *,
    traced: bool,
) -> ReadyRow:
    if isinstance(conversation, RowError):
        raise conversation
    assert isinstance(raw, RawRow)
    if house.tools is None:
        return _rendered_row(raw, conversation, task, house, traced=traced)
    served = house.tools.served(conversation)
    row = _rendered_row(raw, served.conversation, task, house, traced=traced)
    return replace(row, given=conversation, served=served)


def made_row(
    row: ReadyRow, task: Task, house: House, counts: ToolCounts, *, traced: bool = False
) -> ReadyRow | None:
    """The row that is put beside one that was read; None where none is. Raises RowError."""
    served = house.tools.without_needed(row.given, counts) if house.tools is not None else None
    if served is None:
        return None
    made = _rendered_row(row.raw, served.conversation, task, house, traced=traced)
    return replace(made, served=served, made=True)


def _rendered_row(
    raw: RawRow, conversation: Conversation, task: Task, house: House, *, traced: bool
) -> ReadyRow:
    given = conversation
    if conversation.media:
        try:
            placed, media = house.desk.prepared(conversation, task.unit.path.parent)
        except RowError as error:
            error.pointer = raw_pointer(raw.value, conversation, error.pointer)
            raise
        parts = rendered_with_media(placed, media, house, traced=traced)
    else:
        parts = rendered(conversation, house, traced=traced)
    warnings = parts[0].conversation.warnings
    if warnings != conversation.warnings:
        conversation = replace(conversation, warnings=warnings)
    if house.recipe.special_tokens_in_text == "reject":
        for part in parts:
            house.encoder.check(part.prompt)
    return ReadyRow(raw, conversation, parts, given)


def _made_of(row: ReadyRow, task: Task, house: House, counts: SourceCounts) -> ReadyRow | None:
    """The row to put beside one that was read, if any, counted; one that cannot be rendered is
    not made."""
    if house.tools is None:
        return None
    found = counts.tool_counts()
    try:
        return made_row(row, task, house, found)
    except RowError:
        found.irrelevant[NOT_WRITTEN] += 1
        return None


def _encoded(
    house: House,
    task: Task,
    check: PrefixCheck,
    ready: list[ReadyRow],
    counts: SourceCounts,
    tallier: Tallier,
    rejects: BinaryIO | None,
) -> list[tuple[Rendered, list[Example]]]:
    """The examples of rendered rows, as far as they are written."""
    recipe = house.recipe
    parts = [part for row in ready for part in row.parts]
    tokens = _tokens(parts, house, counts)
    wholes = examples(parts, tokens, recipe)
    done: list[tuple[Rendered, list[Example]]] = []
    behind = 0
    for row in ready:
        first, behind = behind, behind + len(row.parts)
        turns = [judged(part, tokens, first + n, check) for n, part in enumerate(row.parts)]
        if recipe.unstable == "reject" and "kept" in turns[0]:
            turn = row.parts[0].turns[turns[0].index("kept")].turn
            why = "its first token goes on from the last one of the prompt"
            error = UnstableTurnError(turn.first, why, len(turns[0]))
            _refuse(error, row, task, counts, rejects, recipe)
            continue
        if (fault := media_fault(row.parts, tokens, first)) is not None:
            _refuse(fault, row, task, counts, rejects, recipe)
            continue
        cuts = [fitted(whole, recipe) for whole in wholes[first:behind]]
        lengths = [len(whole.input_ids) for whole in wholes[first:behind]]
        tallier.add_whole(lengths)
        if row.served is not None and not row.made:
            row.served.count(counts.tool_counts(), lengths)
        kept = [[piece for piece in cut if piece.trained] for cut in cuts]
        for pieces, found in zip(kept, turns, strict=True):
            counts.turns.update(found if pieces else ["dropped"] * len(found))
        counts.warnings.update(row.conversation.warnings)
        counts.warnings.update(house.warnings)
        counts.warnings.update({code for part in row.parts for code in part.prompt.warnings})
        if row.made:
            counts.tool_counts().irrelevant["written" if any(kept) else NOT_WRITTEN] += 1
            counts.augmented += sum(map(len, kept))
        elif not any(kept):
            counts.filtered["no_trained_tokens" if any(cuts) else "too_long"] += 1
        else:
            counts.written += 1
            counts.split_off += sum(map(len, kept)) - 1
        if not any(kept):
            continue
        tallier.add_conversation(row.conversation)
        done += [(part, pieces) for part, pieces in zip(row.parts, kept, strict=True) if pieces]
    tallier.add(done)
    return done


def _tokens(ready: list[Rendered], house: House, counts: SourceCounts) -> TokenRows:
    """The tokens of rendered rows, some of them held against the tokenizer itself."""
    encoder = house.encoder
    prompts = [row.prompt for row in ready]
    encoded = encoder.encode_batch(prompts)
    if encoder.differs:
        counts.warnings[TOKENS_DIFFER] += len(ready)
        return encoded
    share = house.recipe.verify_tokens
    sample = [
        (row.prompt, tokens)
        for row, tokens in zip(ready, encoded, strict=True)
        if share and place_of(row.conversation.id) < share
    ]
    if not all(encoder.verify(prompt, tokens) for prompt, tokens in sample):
        raise TokensDifferError(TOKENS_DIFFER, "the faster way to tokens gave other ones")
    return encoded


def _refuse(
    error: RowError,
    row: ReadyRow,
    task: Task,
    counts: SourceCounts,
    rejects: BinaryIO | None,
    recipe: Recipe,
) -> None:
    """Reject a row that was read; one that was made beside it is just not made."""
    if row.made:
        counts.tool_counts().irrelevant[NOT_WRITTEN] += 1
    else:
        _reject(error, row.raw, task, counts, rejects, recipe)


def _reject(
    error: RowError,
    raw: RawRow | BadRow,
    task: Task,
    counts: SourceCounts,
    rejects: BinaryIO | None,
    recipe: Recipe,
) -> None:
    where = f"{task.unit.path}, line {raw.line}"
    if recipe.on_error == "raise":
        raise AgentDataError(
            error.code,
            f"{where}{f', at {error.pointer}' if error.pointer else ''}: {error.message}",
            remedy="--on-error quarantine puts such rows into rejects.jsonl and goes on",
        )
    counts.rejected += 1
    counts.rejects[error.code] += 1
    if isinstance(error, UnstableTurnError):
        counts.turns["rejected"] += error.turns
    if rejects is not None:
        rejects.write(reject_line(error, raw, task, with_row=not recipe.rejects_without_rows))
