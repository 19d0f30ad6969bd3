"""Holds every trained turn against the prompt that a server would build for it.

A server renders the messages before a turn and opens the model's turn; its prompt must be how the
training row begins, or the model is trained on a context that it never sees. Where a template
rewrites history (drops the thinking of earlier rounds, ends the last turn in another way), one row
cannot hold all turns: they are spread over several rows, each a beginning of the conversation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.templates.model_turns import ModelTurn, model_turns
from agentdata.templates.prompt import Kind, Prompt, cut_segments
from agentdata.templates.template import PromptTemplate
from agentdata.values import value

Unstable = Literal["split", "keep", "reject"]
UNSTABLE_TURN = "unstable_turn"


class UnstableTurnError(RowError):
    """A row that is rejected for a turn of the model; `turns` is how many trained turns go with
    it."""

    def __init__(self, message: int, why: str, turns: int) -> None:
        super().__init__(
            UNSTABLE_TURN,
            f"the model's turn (message {message}) is not trained as a server would ask for it: "
            f"{why}",
            pointer=f"/messages/{message}",
            remedy="--unstable split makes rows of such turns where that helps, keep trains them",
        )
        self.turns = turns


@value
class PlacedTurn:
    """A trained turn in the row that trains it. The server's prompt for it is how the row begins,
    up to character `prompt_end`; None where it is not."""

    turn: ModelTurn
    prompt_end: int | None


@value
class StableRow:
    """A row that trains `turns` alone: the first `messages` messages of the conversation. `whole`
    is the row that the conversation gives as it stands."""

    prompt: Prompt
    messages: int
    turns: tuple[PlacedTurn, ...]
    whole: bool


def stable_rows(
    conversation: Conversation,
    template: PromptTemplate,
    prompt: Prompt,
    turns: Sequence[ModelTurn],
    unstable: Unstable,
) -> list[StableRow]:
    """The fewest rows in which every trained turn stands behind the server's prompt, in the order
    of their turns; [] if no turn is trained.

    `prompt` is that of the whole conversation, `turns` are those of its turns that are trained, as
    `model_turns` finds them. Under `keep` it is one row in any case. Where the template contradicts
    its own prompt even in the row that ends with a turn, that row is the server's prompt with the
    turn behind it; where there is no prompt at all, the turn stays in the whole row.
    Raises UnstableTurnError under `reject`.

    Fewest: turns that are stable in one row are a stretch of the conversation, so the row that ends
    with the last turn still to place holds as many turns before it as any row can.
    """
    everything = len(conversation.messages)
    if not turns:
        return []
    if template.appends(conversation):
        placed = tuple([PlacedTurn(turn, turn.start) for turn in turns])
        return [StableRow(prompt, everything, placed, whole=True)]
    judge = _Judge(conversation, template)
    text = prompt.text
    placed = tuple(PlacedTurn(turn, judge.prompt_end(text, turn)) for turn in turns)
    left = [place.turn for place in placed if place.prompt_end is None]
    if not left or unstable == "keep":
        return [StableRow(prompt, everything, placed, whole=True)]
    if unstable == "reject":
        why = "the prompt of its own is not how the row begins, or the row shows it in another way"
        raise UnstableTurnError(left[0].first, why, len(turns))
    kept: list[PlacedTurn] = []
    if placed[-1].prompt_end is not None:
        kept = [place for place in placed if place.prompt_end is not None]
    else:
        left = list(turns)
    rows: list[StableRow] = []
    while left:
        row = _row_of_last(judge, left)
        if row is None or row.turns[-1].prompt_end is None:
            composed = _composed(judge, prompt, left[-1])
            if composed is None and (row is None or (kept and len(row.turns) == 1)):
                kept.append(PlacedTurn(left.pop(), None))
                continue
            row = composed or row
        assert row is not None
        rows.append(row)
        first = {place.turn.first for place in row.turns}
        left = [turn for turn in left if turn.first not in first]
    rows.reverse()
    if kept:
        kept.sort(key=lambda place: place.turn.start)
        rows.append(StableRow(prompt, everything, tuple(kept), whole=True))
    return rows


def _row_of_last(judge: _Judge, left: Sequence[ModelTurn]) -> StableRow | None:
    """The row that ends with the last of the turns, with all that are stable in it; None if there
    is no such row."""
    last = left[-1]
    prompt = judge.ending_with(last)
    if prompt is None:
        return None
    text = prompt.text
    here = {turn.first: turn for turn in model_turns(prompt.segments)}
    if last.first not in here:
        return None
    placed = [
        PlacedTurn(here[turn.first], judge.prompt_end(text, here[turn.first]))
        for turn in left
        if turn.first in here
    ]
    kept = [place for place in placed[:-1] if place.prompt_end is not None]
    return StableRow(prompt, last.last + 1, (*kept, placed[-1]), whole=False)


def _composed(judge: _Judge, whole: Prompt, last: ModelTurn) -> StableRow | None:
    """The server's prompt for a turn with the turn behind it, for templates that write another
    text as soon as the turn is there; None where the two do not fit together."""
    prompt, turn = whole, last
    ending = judge.ending_with(last)
    for found in model_turns(ending.segments) if ending else ():
        if ending and found.first == last.first:
            prompt, turn = ending, found
    messages = judge.conversation.messages
    try:
        opened = judge.template.open_turn(
            replace(judge.conversation, messages=messages[: last.first])
        )
    except RowError:
        return None
    if opened is None or not opened.text.endswith(_frame_before(prompt, turn.start)):
        return None
    end = turn.spans[-1][1]
    own = cut_segments(prompt.segments, turn.start, end)
    joined = Prompt((*opened.segments, *own), prompt.warnings)
    placed = next(t for t in model_turns(joined.segments) if t.first == turn.first)
    cut = PlacedTurn(placed, len(opened.text))
    return StableRow(joined, last.last + 1, (cut,), whole=False)


def _frame_before(prompt: Prompt, position: int) -> str:
    """What the template wrote between the words before a position and it."""
    text = ""
    for segment in cut_segments(prompt.segments, 0, position)[::-1]:
        if segment.kind not in (Kind.HEADER, Kind.BOS) and not (
            segment.kind is Kind.REASONING and not segment.trainable
        ):
            break
        text = segment.text + text
    return text


class _Judge:
    """Tells the stable turns of a text. What it renders for a turn it renders once."""

    def __init__(self, conversation: Conversation, template: PromptTemplate) -> None:
        self.conversation = conversation
        self.template = template
        self._prompts = template.server_prompts(conversation)
        self._built: dict[int, tuple[list[str], Iterator[str]]] = {}
        self._endings: dict[int, Prompt | None] = {}

    def prompt_end(self, text: str, turn: ModelTurn) -> int | None:
        """Where the server's prompt for the turn ends in a text that begins with it and shows the
        turn as the model writes it; None if there is no such."""
        if not self._is_as_written(turn):
            return None
        if turn.first not in self._built:
            self._built[turn.first] = ([], self._prompts(turn.first))
        built, more = self._built[turn.first]
        for given in built:
            if text.startswith(given):
                return len(given)
        for given in more:
            built.append(given)
            if text.startswith(given):
                return len(given)
        return None

    def ending_with(self, turn: ModelTurn) -> Prompt | None:
        """The prompt of the messages up to the turn; None if the template refuses them."""
        if turn.last not in self._endings:
            messages = self.conversation.messages[: turn.last + 1]
            try:
                prompt = self.template.replay(replace(self.conversation, messages=messages))
            except RowError:
                prompt = None
            self._endings[turn.last] = prompt
        return self._endings[turn.last]

    def _is_as_written(self, turn: ModelTurn) -> bool:
        """Whether the turn has the thinking and the stop that it has as the last of a text."""
        messages = self.conversation.messages[turn.first : turn.last + 1]
        thoughts = [message.reasoning.strip() for message in messages if message.reasoning]
        shown = all(thought in turn.reasoning for thought in thoughts)
        calls = any(message.tool_calls for message in messages)
        if (shown or not self.template.shows_reasoning) and (
            not turn.stop or self.template.last_stop(calls) in (None, turn.stop)
        ):
            return True
        prompt = self.ending_with(turn)
        turns = model_turns(prompt.segments) if prompt else []
        if not turns or turns[-1].first != turn.first:
            return True  # nothing to hold it against
        last = turns[-1]
        if not all(thought in turn.reasoning for thought in thoughts if thought in last.reasoning):
            return False
        return not (turn.stop and last.stop) or turn.stop == last.stop
