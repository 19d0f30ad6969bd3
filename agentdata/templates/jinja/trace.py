"""What a running template is doing: in which message's turn it is, and how much it has done."""

from __future__ import annotations

from enum import Enum
from typing import Any

from agentdata.templates.jinja.limits import MAX_STEPS, check_length, too_much
from agentdata.templates.jinja.text import Text, retold
from agentdata.templates.jinja.values import as_text, message_of


class _Over(Enum):
    """What a loop runs over."""

    MESSAGES = "messages"
    INDICES = "indices"
    OTHER = "other"


class Trace:
    """The state of the render that runs. A stack holds, for each loop that runs, the message whose
    turn it was before (None outside of any) and what the loop runs over."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin a render."""
        self.loops: list[tuple[int | None, _Over]] = []
        self.turn: int | None = None
        self.steps = 0
        self.chars = 0

    def step(self, steps: int = 1) -> None:
        """Count what the template does. Raises RowError `template_limit`."""
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise too_much(f"takes more than {MAX_STEPS} steps")

    def begin_loop(self) -> None:
        self.loops.append((self.turn, _Over.OTHER))

    def end_loop(self) -> None:
        self.turn, _ = self.loops.pop()

    def next_turn(self, value: Any) -> None:
        """A loop goes on to its next value."""
        self.step()
        message = message_of(value)
        outer, over = self.loops[-1]
        if message is not None:
            # Within a turn, a look ahead writes out others (results); a look back only reads.
            self.turn = message if outer is None or message > outer else outer
            self.loops[-1] = (outer, _Over.MESSAGES)
        elif over is _Over.MESSAGES:
            self.turn = outer
        else:
            self.turn = outer
            self.loops[-1] = (outer, _Over.INDICES if isinstance(value, int) else _Over.OTHER)

    def assigned(self, value: Any) -> Any:
        """A variable is set. In a loop over indices, setting a variable to a message makes it that
        message's turn; text put together in a turn remembers it."""
        if isinstance(value, dict) and self.loops:
            outer, over = self.loops[-1]
            message = message_of(value)
            new = over is _Over.INDICES and self.turn == outer
            if new and message is not None and (outer is None or message > outer):
                self.turn = message
        if isinstance(value, Text) and self.turn is not None:
            runs = [
                (length, (origin, None, self.turn, generated))
                if turn is None and hint is None
                else (length, (origin, turn, hint, generated))
                for length, (origin, turn, hint, generated) in value.runs
            ]
            return retold(value, runs)
        return value

    def written(self, value: Any) -> Text:
        """A value is written out."""
        text = value if type(value) is Text else as_text(value)
        self.chars += len(text)
        check_length(self.chars // 8)
        turn = self.turn
        if turn is None:
            return text
        runs = [
            run if run[1][1] is not None else (run[0], (run[1][0], turn, None, run[1][3]))
            for run in text.runs
        ]
        return retold(text, runs)


def generated(text: Text) -> Text:
    """Text that stands within `{% generation %}`."""
    runs = [(length, (origin, turn, hint, True)) for length, (origin, turn, hint, _) in text.runs]
    return Text(str.__str__(text), tuple(runs))
