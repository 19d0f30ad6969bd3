"""What a template writes around the model's words, learned from sample conversations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agentdata.templates.jinja.turns import MARK

NAMED_THINKING = re.compile(r"(?:\s*[<\[][^<>\[\]\s]*think[^<>\[\]\s]*[>\]])+", re.IGNORECASE)
"""Marks of thinking by their name (`<think>`, `[/THINK]`, `<|END_THINKING|>`) with none inside."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one template.

    `stops` end the model's turn. Where a template writes none, `next_marks` begin what follows,
    which is what its models are trained to stop with. `thinking` is what stands before and after
    reasoning, None where the template shows none.
    """

    stops: tuple[str, ...] = ()
    next_marks: tuple[str, ...] = ()
    thinking: tuple[str, str] | None = None

    def stop_in(self, text: str) -> tuple[int, int] | None:
        """Where the last stop stands in a text."""
        found = [
            (place, place + len(stop)) for stop in self.stops if (place := text.rfind(stop)) >= 0
        ]
        return max(found, key=lambda pair: (pair[1], -pair[0])) if found else None

    def first_stop_in(self, text: str) -> tuple[int, int] | None:
        """Where the first stop stands in a text, with nothing but white space before it."""
        start = len(text) - len(text.lstrip())
        for stop in sorted(self.stops, key=len, reverse=True):
            if text.startswith(stop, start):
                return start, start + len(stop)
        return None

    def next_mark_in(self, text: str) -> tuple[int, int] | None:
        """Where a mark stands with which a text begins."""
        start = len(text) - len(text.lstrip())
        found = [mark for mark in self.next_marks if text.startswith(mark, start)]
        return (start, start + len(max(found, key=len))) if found else None

    def empty_thinking(self, frame: str, header: int) -> int:
        """Where an empty think block ends that follows, or goes on from, the first `header`
        characters of a frame; `header` itself if there is none."""
        named = NAMED_THINKING.match(frame, header)
        if self.thinking is None:
            return named.end() if named else header
        opening, closing = (mark.strip() for mark in self.thinking)
        tail = self.thinking[1][len(self.thinking[1].rstrip()) :]
        if not opening or not closing:
            return named.end() if named else header
        pattern = rf"{re.escape(opening)}\s*{re.escape(closing)}(?:{re.escape(tail)})?"
        for match in re.finditer(pattern, frame):
            if match.end() > header and not frame[header : match.start()].strip():
                return match.end()
        return named.end() if named else header

    def end_of_thinking(self, text: str) -> int | None:
        """How much of the text after reasoning still belongs to it; None if that is unknown."""
        closing = self.thinking[1].strip() if self.thinking else ""
        place = text.find(closing) if closing else -1
        if place < 0:
            return None
        end = place + len(closing)
        return end + len(text) - end - len(text[end:].lstrip())


def last_mark(
    frame: str, within: str, special: Iterable[str], written: Sequence[str]
) -> str | None:
    """The mark that ends a turn, in the frame that follows its last words.

    `special` are the tokenizer's special tokens, `written` those that the template took from the
    tokenizer by name. A mark that closes one opened in the turn's own frame (`within`) is no end.
    """
    known = [token for token in (*special, *written) if token in frame]
    if known:
        return max(known, key=lambda token: (frame.rfind(token) + len(token), len(token)))
    for match in reversed(list(MARK.finditer(frame))):
        mark = match.group()
        opening = mark.replace("</", "<", 1).replace("[/", "[", 1)
        if opening == mark or opening not in within + frame[: match.start()]:
            return mark
    return None
