"""A text of the model cut at the results that stand in it, behind the calls that they answer."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from agentdata.conversation import ToolCall, ToolSpec
from agentdata.formats.common.python_calls import read_python_calls
from agentdata.formats.common.result_marks import (
    CODE_BLOCK,
    EXCHANGES,
    FILLERS,
    OUTPUT_BLOCKS,
    SIGNS,
    Exchange,
    Marks,
)
from agentdata.formats.common.signs import one_of

RESULT_NOT_CLOSED = "result_not_closed"
"""Warning: where a result in a text of the model ends is not told; all that follows is taken as
the result, and not trained."""


class Piece(NamedTuple):
    """A piece of a text: words of the model with the calls that end them, or a result."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    is_result: bool = False


_CALLS = {exchange.call.open for exchange in EXCHANGES} - {CODE_BLOCK.open}
_ANSWERING: dict[Marks, list[Exchange]] = defaultdict(list)
for _exchange in EXCHANGES:
    for _marks in _exchange.results:
        _ANSWERING[_marks].append(_exchange)
_RESULTS = {marks.open: marks for marks in _ANSWERING}
RESULT_OPENINGS = tuple(_RESULTS)
_holds_opening = one_of(_RESULTS)
_holds_sign = one_of(SIGNS)
_WORDS = {
    open_: marks for open_, marks in _RESULTS.items() if not open_.startswith(CODE_BLOCK.open)
}
_MARK = re.compile(
    r"^[ \t]*(?P<fence>```)[ \t]*(?P<word>[\w+.#-]*)[ \t]*$|(?P<mark>"
    + "|".join(map(re.escape, sorted({*_CALLS, *_WORDS}, key=len, reverse=True)))
    + ")",
    re.MULTILINE,
)
_FENCE = re.compile(r"(?P<fence>```)[ \t]*(?P<word>[\w+.#-]*)[ \t]*$(?P<mark>)", re.MULTILINE)
_OUTPUT = re.compile(
    r"^[ \t]*(?:" + "|".join(re.escape(marks.open) for marks in OUTPUT_BLOCKS) + r")[ \t]*$",
    re.MULTILINE,
)
_FENCE_END = re.compile(r"^[ \t]*```", re.MULTILINE)
_SHELLS = frozenset({"bash", "sh", "shell"})
_PYTHON = frozenset({"", "py", "python", "python3", "tool_code", "tool_call"})


def may_hold_results(text: str) -> bool:
    """Whether a text bears a sign of results: a cheap test that rules most texts out."""
    return _holds_opening(text) and _holds_sign(text)


def result_left(text: str) -> str | None:
    """The opening mark of what looks like a result in a text, None where nothing does."""
    if not may_hold_results(text):
        return None
    for marks in _WORDS.values():
        start = text.find(marks.open)
        if start >= 0 and text.find(marks.close, start + len(marks.open)) >= 0:
            return marks.open
    block = _OUTPUT.search(text)
    return block[0].strip() if block else None


def cut_at_results(
    text: str, warnings: list[str], tools: Sequence[ToolSpec] = (), *, answers: bool = False
) -> list[Piece]:
    """The pieces of a text of the model that holds results; [] of one that holds none.

    A result is what stands in its marks directly behind a call in the marks that belong to them;
    with `answers`, also what the text begins with. Calls that cannot be read stay words. White
    space beside the cuts goes.
    """
    if not may_hold_results(text):
        return []
    return _Cut(text, warnings, tools).pieces(answers)


def calls_at_end(
    text: str, warnings: list[str], tools: Sequence[ToolSpec] = ()
) -> tuple[str, tuple[ToolCall, ...]]:
    """What a text says before the calls in marks that end it, and the calls."""
    cut = _Cut(text, warnings, tools)
    for match in _MARK.finditer(text):
        if match["mark"] in _CALLS:
            cut.opened[match["mark"]].append(match.start())
    end = cut.back(len(text))
    for exchange in EXCHANGES:
        found = None if exchange.call is CODE_BLOCK else cut.calls(exchange, end)
        if found and found[1]:
            return text[: found[0]].rstrip(), found[1]
    return text[:end], ()


class _Cut:
    """A text on its way to pieces: `start` is where the one begins that is not yet cut off."""

    def __init__(self, text: str, warnings: list[str], tools: Sequence[ToolSpec]) -> None:
        self.text, self.warnings, self.tools = text, warnings, tools
        self.start = 0
        self.found: list[Piece] = []
        self.last_marks: Marks | None = None
        self.opened: dict[str, list[int]] = defaultdict(list)
        self.fence: tuple[int, int, str] | None = None
        """Where an open fence and its inside begin, and its word."""
        self.block: tuple[int, int, str, int] | None = None
        """The last closed block: where it and its inside begin, its word, and where it ends."""
        self.last_fence = text.rfind("\n```")

    def pieces(self, answers: bool) -> list[Piece]:
        at = 0
        # What is cut off ends its line.
        while match := (
            (at == self.start and _FENCE.match(self.text, at)) or _MARK.search(self.text, at)
        ):
            marks = self._result_marks(match)
            if marks is not None and self._goes_on(marks, match.start(), answers):
                self._take(marks, match.end())
            elif marks is not None and (call := self._call(marks, match)):
                before, calls = call
                self.found.append(Piece(self._words(before), calls))
                self._take(marks, match.end())
            else:
                self._note(match)
                at = match.end()
                continue
            at = self.start
        if self.found and (rest := self.text[self.start : self.back(len(self.text))]):
            self.found.append(Piece(rest))
        return self.found

    def _words(self, text: str) -> str:
        return text.lstrip() if self.found else text

    def _result_marks(self, match: re.Match[str]) -> Marks | None:
        if match["fence"]:
            return _RESULTS.get(CODE_BLOCK.open + match["word"].lower())
        return _WORDS.get(match["mark"])

    def _goes_on(self, marks: Marks, at: int, answers: bool) -> bool:
        """Whether a result stands directly behind one in the same marks, or, if `answers`, at the
        beginning of the text."""
        if self.last_marks != marks and (self.found or not answers):
            return False
        return self.back(at) == self.start

    def _take(self, marks: Marks, begin: int) -> None:
        text = self.text
        if marks in OUTPUT_BLOCKS:
            closing = _FENCE_END.search(text, begin)
            end, after = closing.span() if closing else (-1, -1)
        else:
            end = text.find(marks.close, begin) if marks.close else -1
            after = end + len(marks.close)
        if end < 0:
            self.warnings.append(RESULT_NOT_CLOSED)
            end = after = len(text)
        inside = text[begin:end]
        if not marks.close:
            inside = inside.partition("\n")[2]
        self.found.append(Piece(inside.strip(), is_result=True))
        self.last_marks = marks
        self.start = self._forward(after)
        self.opened.clear()
        self.fence = self.block = None

    def _call(self, marks: Marks, match: re.Match[str]) -> tuple[str, tuple[ToolCall, ...]] | None:
        """What stands before the calls that the result answers, and the calls; where they cannot be
        read, all that stands before the result."""
        end = self.back(match.start())
        unread = False
        for exchange in _ANSWERING[marks]:
            if exchange.call is CODE_BLOCK:
                found = self._code(end, match)
            else:
                found = self.calls(exchange, end)
            if found is None:
                continue
            if self._is_shown(found[0], match.end()):
                return None
            if found[1]:
                return self.text[self.start : found[0]].rstrip(), found[1]
            # Words that name the mark of a call are not yet one.
            unread = unread or bool(exchange.call.close)
        return (self.text[self.start : end], ()) if unread else None

    def _is_shown(self, start: int, end: int) -> bool:
        """Whether calls and result stand inside one block: then they are an example."""
        return self.fence is not None and self.fence[0] < start and self.last_fence > end

    def _code(self, end: int, match: re.Match[str]) -> tuple[int, tuple[ToolCall, ...]] | None:
        block = self.block
        if block is None and self.fence is not None and match["fence"]:
            # One fence ends the code and begins its output.
            block = (*self.fence, end)
        if block is None or block[3] != end:
            return None
        start, begin, word, _ = block
        code = self.text[begin:end].rstrip()
        code = code.removesuffix("```").strip("\n")
        if not code.strip():
            return None
        if word in _SHELLS:
            return start, (ToolCall("bash", {"command": code}),)
        calls = read_python_calls(code) if word == "tool_code" else None
        if calls and all(isinstance(call.arguments, dict) for call in calls):
            return start, calls
        return start, (ToolCall("python" if word in _PYTHON else word, {"code": code}),)

    def calls(self, exchange: Exchange, end: int) -> tuple[int, tuple[ToolCall, ...]] | None:
        """Where the calls begin that end at `end`, one behind the other, and the calls; () where
        they cannot be read. None where there are none of this kind."""
        text, (open_, close) = self.text, exchange.call
        places = self.opened.get(open_)
        if not places or not text.endswith(close, self.start, end):
            return None
        inside: list[str] = []
        start = end
        for place in reversed(places):
            stop = self.back(start)
            if not text.endswith(close, self.start, stop) or stop - len(close) < place + len(open_):
                break
            inside.insert(0, text[place + len(open_) : stop - len(close)])
            start = place
        read = [exchange.read(one, self.warnings, self.tools) for one in inside]
        if not inside:
            return None
        if not all(read):
            return start, ()
        return start, tuple(call for calls in read for call in calls or ())

    def _note(self, match: re.Match[str]) -> None:
        """Keep where a call or a fence opens."""
        if match["mark"]:
            if match["mark"] in _CALLS:
                self.opened[match["mark"]].append(match.start())
        elif self.fence is not None and not match["word"]:
            self.block, self.fence = (*self.fence, match.end()), None
        else:
            self.fence = (match.start(), match.end(), match["word"].lower())

    def back(self, at: int) -> int:
        """The place before the white space, and what says nothing, before a place."""
        text = self.text
        while at > self.start:
            if text[at - 1].isspace():
                at -= 1
            elif filler := next((f for f in FILLERS if text.endswith(f, self.start, at)), None):
                at -= len(filler)
            else:
                break
        return at

    def _forward(self, at: int) -> int:
        text = self.text
        while at < len(text):
            if text[at].isspace():
                at += 1
            elif filler := next((f for f in FILLERS if text.startswith(f, at)), None):
                at += len(filler)
            else:
                break
        return at
