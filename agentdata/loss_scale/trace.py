"""What set the weight of each character, noted down by the code that weighs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Rule(StrEnum):
    """What a factor of a weight comes from."""

    GIVEN = "given"
    """The text is not the model's to write, or the template put it there: 0."""
    STRATEGY = "strategy"
    """The strategy (`table`) trains this turn, 1, or not, 0."""
    MESSAGE_LOSS = "message_loss"
    """The message's own `loss` trains it, 1, or not, 0."""
    MESSAGE_LOSS_SCALE = "message_loss_scale"
    """The message's own `loss_scale`."""
    QUERY = "query"
    """The user's words hold `key` of a `table`."""
    KEY = "key"
    """The text is `key` of a `table`."""
    AFTER_KEY = "after_key"
    """The text follows `key` of a `table`."""
    PATTERN = "pattern"
    """The text matches the regular expression `key` of a `table`."""
    NO_MATCH = "no_match"
    """Nothing of a `table` matches: 1."""
    END_OF_TURN = "end_of_turn"
    """An end of turn inside the conversation weighs 1 where the text before it is trained."""
    KIND = "kind"
    """The weight of the kind `key` by `weights`."""
    OTHER_ROW = "other_row"
    """The turn is trained in another row of the same conversation: 0."""


class Step(NamedTuple):
    """One factor of a weight. `table` is a preset, a file or a strategy."""

    rule: Rule
    weight: float
    key: str = ""
    table: str = ""


Steps = tuple[Step, ...]
"""The factors of a weight: their product is the weight."""

NOT_HERE = Step(Rule.OTHER_ROW, 0.0)
MEDIA = Step(Rule.GIVEN, 0.0)


@dataclass(slots=True)
class Trace:
    """The factors of every character's weight, as runs (end in characters, factors) in order."""

    runs: list[tuple[int, Steps]] = field(default_factory=list)

    def add(self, end: int, steps: Steps) -> None:
        """Note the factors of the characters up to `end`."""
        begin = self.runs[-1][0] if self.runs else 0
        if end <= begin:
            return
        if self.runs and self.runs[-1][1] == steps:
            self.runs.pop()
        self.runs.append((end, steps))

    def multiply(self, pieces: Iterable[tuple[int, Step | None]]) -> None:
        """Add a factor to each of some pieces (end, factor or none) that cover the text in
        order."""
        runs, self.runs = iter(self.runs), []
        end, steps = next(runs, (0, ()))
        for stop, step in pieces:
            more = (step,) if step is not None else ()
            while end <= stop:
                self.add(end, steps + more)
                following = next(runs, None)
                if following is None:
                    return
                end, steps = following
            self.add(stop, steps + more)

    def put_media(self, moved: Callable[[int], int], spans: Sequence[tuple[int, int]]) -> None:
        """Follow a text into which media came: `moved` tells where a place has come to, and `spans`
        are the characters [start, end) of media, in order."""
        runs, self.runs = self.runs, []
        for end, steps in runs:
            self.add(moved(end), steps)
        pieces = [piece for start, end in spans for piece in ((start, None), (end, MEDIA))]
        self.multiply([*pieces, (self.runs[-1][0] if self.runs else 0, None)])
