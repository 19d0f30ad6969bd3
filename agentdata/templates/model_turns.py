"""The model's turns of a prompt, told by its segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agentdata.templates.prompt import CONTENT, END_OF_TURN, REASONING, TOOL_CALL, Segment

_OWN = frozenset({REASONING, CONTENT, TOOL_CALL})


@dataclass(slots=True)
class ModelTurn:
    """What the model writes in one go, from character `start` on.

    `first` and `last` are its first and last messages. `words` are the characters [start, end) of
    what it writes and may be trained on, `stop_span` those of what ends it; `stop` is that text,
    "" if there is none. `reasoning` is what the turn shows of the model's thinking.
    """

    start: int
    first: int
    last: int
    words: list[tuple[int, int]] = field(default_factory=list)
    stop_span: tuple[int, int] | None = None
    stop: str = ""
    reasoning: str = ""

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The characters that may be trained."""
        return [*self.words, *([self.stop_span] if self.stop_span else [])]


def model_turns(segments: Iterable[Segment]) -> list[ModelTurn]:
    """The turns of which anything may be trained, in order."""
    turns: list[ModelTurn] = []
    end = 0
    turn: ModelTurn | None = None
    before = -1
    for segment in segments:
        start, own = end, segment.message
        end += len(segment.text)
        if segment.trainable:
            message = before + 1 if own is None else own
            if turn is None:
                turn = ModelTurn(start, message, message)
                turns.append(turn)
            kind = segment.kind
            if kind is END_OF_TURN:
                turn.stop, turn.stop_span = segment.text.strip(), (start, end)
                turn = None
            else:
                if own is not None:
                    turn.last = message
                if kind is REASONING:
                    turn.reasoning += segment.text
                if turn.words and turn.words[-1][1] == start:
                    turn.words[-1] = (turn.words[-1][0], end)
                else:
                    turn.words.append((start, end))
        elif turn is not None and segment.kind not in _OWN:
            turn = None
        if own is not None:
            before = own
    return turns
