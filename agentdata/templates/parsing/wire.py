"""How a model's text is laid out: thinking, then what it says, then calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agentdata.call_text.base import (
    CallParser,
    Fault,
    IsText,
    Reader,
    nothing_declared,
    skip_space,
)
from agentdata.conversation import ToolCall

THINK = (("<think>", "</think>"),)
_MOST_FAULTS = 200


@dataclass(frozen=True, slots=True)
class ParsedText:
    """What a model's text says.

    `reasoning` is None where the text has none, "" for an empty think block. Text that could not
    be read stays in `content`; `faults` tell where, in order of their place.
    """

    content: str
    reasoning: str | None
    tool_calls: tuple[ToolCall, ...]
    faults: tuple[Fault, ...]


class Wire(Protocol):
    """Reads the calls of a text into the reader; gives content and reasoning."""

    def read(self, reader: Reader) -> tuple[str, str | None]: ...


@dataclass(frozen=True, slots=True)
class TurnWire:
    """A turn of the common layout.

    `think`: pairs of marks around thinking. `thought` and `answer`: words that ReAct texts put
    before thinking and the reply. `section`: marks around all calls. `gap`: what the template
    writes between content and calls. `stop`: the word after the calls at which generation stops.
    `marks`: layout inside the turn that is no content.
    """

    calls: CallParser
    think: tuple[tuple[str, str], ...] = THINK
    section: tuple[str, str] = ("", "")
    gap: str = ""
    stop: str = ""
    thought: str = ""
    answer: str = ""
    marks: tuple[str, ...] = ()

    def read(self, reader: Reader) -> tuple[str, str | None]:
        at, reasoning = self._thinking(reader)
        at, reasoning = self._thought(reader, at, reasoning)
        content = self._unmarked(self._calls(reader, at))
        return (content if content.strip() else ""), reasoning

    def _thinking(self, reader: Reader) -> tuple[int, str | None]:
        """Where thinking ends, and what it is."""
        text, at = reader.text, 0
        thoughts: list[str] = []
        for opening, closing in self.think:
            begin = skip_space(text, at)
            opened = text.startswith(opening, begin)
            close = text.find(closing, begin)
            if not opened:
                call = self.calls.find(text, at)
                if close < 0 or thoughts or 0 <= call < close or opening in text[at:close]:
                    continue
                begin = at
            else:
                begin += len(opening)
            if close < 0:
                reader.fault("missing_end", f"no {closing} after the thinking", begin, len(text))
                call = self.calls.find(text, begin)
                close = len(text) if call < 0 else call
                closing = ""
            thoughts.append(_line(text[begin:close]))
            at = close + len(closing)
            for _ in range(2):
                at += text.startswith("\n", at)
        told = [thought for thought in thoughts if thought]
        return at, "\n".join(told) if thoughts else None

    def _thought(self, reader: Reader, at: int, reasoning: str | None) -> tuple[int, str | None]:
        """Where a thought in ReAct words ends, and the reasoning with it."""
        if not self.thought:
            return at, reasoning
        text, begin = reader.text, skip_space(reader.text, at)
        if text.startswith(self.thought, begin):
            begin += len(self.thought)
            call, answer = (
                self.calls.find(text, begin),
                text.find("\n" + self.answer.strip(), begin),
            )
            ends = [place for place in (call, answer) if place >= 0]
            at = min(ends, default=len(text))
            told = _line(text[begin:at]).removeprefix(" ")
            reasoning = told if reasoning is None else f"{reasoning}\n{told}"
            at += text.startswith("\n", at)
        begin = skip_space(text, at)
        if self.answer and text.startswith(self.answer.strip(), begin):
            at = begin + len(self.answer.strip())
            at += text.startswith(" ", at)
        return at, reasoning

    def _calls(self, reader: Reader, at: int) -> str:
        """Reads all calls from `at`; the text that is none."""
        text, opening = reader.text, self.section[0]
        said: list[str] = []
        done = at
        opened = False
        while (start := self.calls.find(text, at)) >= 0:
            if len(reader.faults) > _MOST_FAULTS:
                # Every block without an end is looked through to the end of the text.
                reader.fault("too_many_faults", "the rest is not read", start, len(text))
                break
            before = len(reader.calls)
            end = max(self.calls.read(reader, start), start + 1)
            at = end
            if len(reader.calls) == before:
                continue
            between = text[done:start]
            if opening and between.rstrip().endswith(opening):
                between = between.rstrip().removesuffix(opening)
                opened = True
            between = between.removesuffix(self.gap)
            if self._unmarked(between).strip() and before:
                reader.fault("text_after_calls", "text after a call", done, start)
            if self._unmarked(between).strip():
                said.append(between)
            done = at = self._section_end(text, end)
            opened = opened and done == end
            if self.stop and text.startswith(self.stop, skip_space(text, done)):
                return self._stopped(reader, done, said)
        if opened:
            reader.fault("missing_end", f"no {self.section[1]} after the calls", done, done)
        return self._rest(reader, done, said)

    def _section_end(self, text: str, at: int) -> int:
        following = skip_space(text, at)
        closing = self.section[1]
        if closing and text.startswith(closing, following):
            return following + len(closing)
        return at

    def _stopped(self, reader: Reader, done: int, said: list[str]) -> str:
        text = reader.text
        end = skip_space(text, done) + len(self.stop)
        if text[end:].strip():
            reader.fault("text_after_stop", f"text after {self.stop}", end, len(text))
        return "".join(said)

    def _rest(self, reader: Reader, done: int, said: list[str]) -> str:
        rest = reader.text[done:]
        if not self._unmarked(rest).strip():
            return "".join(said)
        if reader.calls:
            reader.fault("text_after_calls", "text after a call", done, len(reader.text))
        opening = self.section[0]
        if opening and opening in rest:
            start = done + rest.index(opening)
            reader.fault("no_call", f"{opening} without a call", start, start + len(opening))
        return "".join([*said, rest])

    def _unmarked(self, text: str) -> str:
        for mark in self.marks:
            text = text.replace(mark, "")
        return text


def read_text(
    wire: Wire, text: str, is_text: IsText = nothing_declared
) -> tuple[ParsedText, Reader]:
    """What a text says in a wire, and the reader with the places of the calls."""
    reader = Reader(text, is_text)
    content, reasoning = wire.read(reader)
    faults = tuple(sorted(reader.faults, key=lambda fault: (fault.start, fault.end)))
    calls = tuple(found.call for found in reader.calls)
    return ParsedText(content, reasoning, calls, faults), reader


def _line(text: str) -> str:
    """The text without the line break on either side that the layout has."""
    return text.removeprefix("\n").removesuffix("\n")
