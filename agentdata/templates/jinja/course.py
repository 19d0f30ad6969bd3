"""Renders beginnings of a conversation, each going on from where another has come already.

A template's loop over the messages does for one more message what it did before, and then
something for that one. So the loop is not begun anew where all that it could see is the same: the
variables before it, and what it asked of the messages on the way to the turn from which it goes on.
What stands before and behind the loop is always run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from jinja2.runtime import LoopContext

from agentdata.templates.jinja.state import (
    Spaces,
    can_be_kept,
    put_back,
    same_variables,
    spaces,
)
from agentdata.templates.jinja.watched import Messages, Watch


class Progress:
    """How far a render is: its text in pieces, its length in characters, its steps."""

    __slots__ = ("chars", "pieces", "steps")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.chars = 0
        self.steps = 0


class _Turn(NamedTuple):
    """How things stood before turn `place` of the loop; `chars` and `steps` since its beginning."""

    place: int
    low: int
    high: int
    chars: int
    steps: int
    spaces: Spaces


class _Record:
    """What the last loop over messages in a render began with, and its turns."""

    def __init__(
        self, number: int, start: int, variables: Mapping[str, Any], begun: Progress
    ) -> None:
        self.number = number
        self.start = start
        self.variables = dict(variables)
        self.spaces = spaces(variables)
        self.chars, self.steps = begun.chars, begun.steps
        self.turns: list[_Turn] = []
        self.text = ""

    def begins_as(self, other: _Record) -> bool:
        """Whether the loop is the same and all that it could see but the messages."""
        return (
            self.number == other.number
            and self.start == other.start
            and same_variables(self.variables, self.spaces, other.variables, other.spaces)
        )


class Course:
    """Renders the first messages of a conversation, any number of them, in any order.

    `run(variables, course)` renders the template and calls `loop` for its loops.
    """

    def __init__(
        self,
        run: Callable[[dict[str, Any], Course], str],
        variables: Mapping[str, Any],
        messages: list[Any],
    ) -> None:
        self._run = run
        self._variables = variables
        self._messages = messages
        self._watch = Watch(0)
        self._last: _Record | None = None
        self._now: _Record | None = None
        self.progress = Progress()

    def render(self, count: int) -> str:
        """The text of the first `count` messages. Raises whatever the template raises, and more
        where it cannot be followed."""
        self._watch = Watch(count)
        self._now = None
        self.progress = Progress()
        messages = Messages(self._messages, 0, self._watch)
        text = self._run({**self._variables, "messages": messages}, self)
        if self._now is not None:
            self._now.text = text
            self._last = self._now
        return text

    def loop(self, number: int, messages: Messages, variables: Mapping[str, Any]) -> Loop:
        """What a loop over messages goes over, `variables` being those around it."""
        now = self._now = _Record(number, messages._start, variables, self.progress)
        self._watch.forget()
        turn = self._known_turn(now)
        if turn is None:
            return Loop(self, messages, 0)
        last, progress, watch = self._last, self.progress, self._watch
        assert last is not None
        now.turns = last.turns[: turn.place]
        put_back(variables, turn.spaces)
        progress.pieces.append(last.text[last.chars : last.chars + turn.chars])
        progress.chars += turn.chars
        progress.steps += turn.steps
        watch.low, watch.high = turn.low, turn.high
        return Loop(self, messages, turn.place)

    def _known_turn(self, now: _Record) -> _Turn | None:
        last, count = self._last, self._watch.count
        if last is None or not now.begins_as(last):
            return None
        for turn in reversed(last.turns):
            if turn.low <= count <= turn.high and can_be_kept(turn.spaces):
                return turn
        return None

    def before_turn(self, index: int) -> None:
        """Note how things stand before a turn of the loop."""
        now, watch, progress = self._now, self._watch, self.progress
        assert now is not None
        if len(now.turns) == index:
            kept = spaces(now.variables) if now.spaces else {}
            chars, steps = progress.chars - now.chars, progress.steps - now.steps
            now.turns.append(_Turn(index, watch.low, watch.high, chars, steps, kept))

    def see_number(self) -> None:
        """How many messages there are may have been seen."""
        self._watch.see_number()


class Loop:
    """The messages that a loop goes over, from turn `first` of it on."""

    def __init__(self, course: Course, messages: Messages, first: int) -> None:
        self.course = course
        self.messages = messages
        self.first = first

    def __iter__(self) -> Iterator[Any]:
        index = self.first
        rest = iter(self.messages[index:])
        while True:
            self.course.before_turn(index)
            try:
                message = next(rest)
            except StopIteration:
                return
            yield message
            index += 1


class _LoopContext(LoopContext):
    """Jinja's `loop` of a loop over messages."""

    def __init__(self, loop: Loop, undefined: Any) -> None:
        super().__init__(loop.messages, undefined)
        self._course = loop.course
        if loop.first:
            self._iterator = iter(loop.messages[loop.first :])
            self.index0 = loop.first - 1
            self._current = loop.messages[self.index0]

    def __next__(self) -> tuple[Any, LoopContext]:
        self._course.before_turn(self.index0 + 1)
        return super().__next__()

    def changed(self, *value: Any) -> bool:
        self._course.see_number()  # it remembers more than is noted
        return super().changed(*value)


def loop_context(iterable: Any, undefined: Any, *more: Any) -> LoopContext:
    """Stands for Jinja's LoopContext in a compiled template."""
    if isinstance(iterable, Loop):
        return _LoopContext(iterable, undefined)
    return LoopContext(iterable, undefined, *more)
