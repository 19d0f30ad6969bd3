"""Text that knows where each of its characters comes from.

`Text` is a `str` in every respect; whatever is cut from it or put together with it keeps its
sources. Templates therefore run as they would on plain strings, and take the same branches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, SupportsIndex

from agentdata.templates.jinja.limits import check_length, check_width
from agentdata.templates.jinja.origin import COMPUTED, UNKNOWN, Mark, Origin, Run, of

Runs = tuple[Run, ...]
_UNKNOWN = of(UNKNOWN)
_new = str.__new__


class Text(str):
    """A string with the runs of its sources; their lengths add up to its own."""

    __slots__ = ("runs",)
    runs: Runs

    def __new__(cls, value: object = "", runs: Runs | None = None) -> Text:
        self = str.__new__(cls, value)
        if runs is None:
            length = str.__len__(self)
            runs = ((length, _UNKNOWN),) if length else ()
        self.runs = runs
        return self

    def __str__(self) -> Text:
        return self

    def __add__(self, other: str) -> Text:
        if not isinstance(other, str):
            return NotImplemented
        value = str.__add__(self, other)
        check_length(len(value))
        if type(other) is not Text:
            return joined((self, other))
        return _text(value, _beside(self.runs, other.runs))

    def __radd__(self, other: str) -> Text:
        if not isinstance(other, str):
            return NotImplemented
        return joined((other, self))

    def __mul__(self, times: SupportsIndex) -> Text:
        check_length(len(self) * max(int(times), 0))
        return type(self)(str.__mul__(self, times), self.runs * max(int(times), 0))

    __rmul__ = __mul__

    def __mod__(self, values: Any) -> Text:
        return _percent(self, values)

    def __getitem__(self, key: SupportsIndex | slice) -> Text:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step == 1:
                return self.cut(start, stop)
            return joined([self.cut(i, i + 1) for i in range(start, stop, step)])
        character = str.__getitem__(self, key)
        start = int(key)
        start += len(self) if start < 0 else 0
        return type(self)(character, _cut(self.runs, start, start + 1))

    def __iter__(self) -> Iterator[Text]:
        for index in range(len(self)):
            yield self.cut(index, index + 1)

    def cut(self, start: int, stop: int) -> Text:
        """The characters [start, stop)."""
        if start <= 0 and stop >= len(self):
            return self
        return type(self)(str.__getitem__(self, slice(start, stop)), _cut(self.runs, start, stop))

    # Cutting

    def strip(self, chars: str | None = None, /) -> Text:
        return self.lstrip(chars).rstrip(chars)

    def lstrip(self, chars: str | None = None, /) -> Text:
        return self.cut(len(self) - len(str.lstrip(self, chars)), len(self))

    def rstrip(self, chars: str | None = None, /) -> Text:
        return self.cut(0, len(str.rstrip(self, chars)))

    def removeprefix(self, prefix: str, /) -> Text:
        return self.cut(len(prefix), len(self)) if self.startswith(prefix) else self

    def removesuffix(self, suffix: str, /) -> Text:
        ends = bool(suffix) and self.endswith(suffix)
        return self.cut(0, len(self) - len(suffix)) if ends else self

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[Text]:  # type: ignore[override]
        return self._located(str.split(self, sep, maxsplit), sep)

    def rsplit(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[Text]:  # type: ignore[override]
        return self._located(str.rsplit(self, sep, maxsplit), sep)

    def splitlines(self, keepends: bool = False) -> list[Text]:  # type: ignore[override]
        pieces, start = [], 0
        for line in str.splitlines(self, True):
            piece = self.cut(start, start + len(line))
            start += len(line)
            pieces.append(piece if keepends else piece.cut(0, len(str.splitlines(line)[0])))
        return pieces

    def partition(self, sep: str, /) -> tuple[Text, Text, Text]:
        head, middle, _ = str.partition(self, sep)
        return self._three(len(head), len(head) + len(middle))

    def rpartition(self, sep: str, /) -> tuple[Text, Text, Text]:
        head, middle, _ = str.rpartition(self, sep)
        return self._three(len(head), len(head) + len(middle))

    def _three(self, first: int, second: int) -> tuple[Text, Text, Text]:
        return self.cut(0, first), self.cut(first, second), self.cut(second, len(self))

    def _located(self, pieces: Sequence[str], sep: str | None) -> list[Text]:
        """Pieces of a split, in order, where they stand in this text."""
        out, position = [], 0
        for piece in pieces:
            if sep is None:
                # A piece begins with no white space, so what `find` skips is white space alone.
                position = self.find(piece, position)
            out.append(self.cut(position, position + len(piece)))
            position += len(piece) + (len(sep) if sep is not None else 0)
        return out

    # Putting together

    def replace(self, old: str, new: str, count: SupportsIndex = -1, /) -> Text:
        if old not in self:
            return self
        if not old:
            return derived(str.replace(self, old, new, count), (self, new))
        pieces: list[str] = []
        left, position = int(count), 0
        while left and (found := self.find(old, position)) >= 0:
            pieces += [self.cut(position, found), new]
            position = found + len(old)
            left -= 1
        pieces.append(self.cut(position, len(self)))
        return joined(pieces)

    def join(self, items: Iterable[str], /) -> Text:
        pieces: list[str] = []
        for number, item in enumerate(items):
            if not isinstance(item, str):
                raise TypeError(f"expected str instance, {type(item).__name__} found")
            if number:
                pieces.append(self)
            pieces.append(item)
        return joined(pieces)

    def center(self, width: SupportsIndex, fill: str = " ", /) -> Text:
        return derived(str.center(self, check_width(width), fill), (self,))

    def ljust(self, width: SupportsIndex, fill: str = " ", /) -> Text:
        return derived(str.ljust(self, check_width(width), fill), (self,))

    def rjust(self, width: SupportsIndex, fill: str = " ", /) -> Text:
        return derived(str.rjust(self, check_width(width), fill), (self,))

    def zfill(self, width: SupportsIndex, /) -> Text:
        return derived(str.zfill(self, check_width(width)), (self,))

    def expandtabs(self, tabsize: SupportsIndex = 8) -> Text:
        return derived(str.expandtabs(self, check_width(tabsize)), (self,))

    def translate(self, table: Any, /) -> Text:
        return derived(str.translate(self, table), (self,))

    # Letters

    def upper(self) -> Text:
        return self._letters(str.upper)

    def lower(self) -> Text:
        return self._letters(str.lower)

    def title(self) -> Text:
        return self._letters(str.title)

    def capitalize(self) -> Text:
        return self._letters(str.capitalize)

    def swapcase(self) -> Text:
        return self._letters(str.swapcase)

    def casefold(self) -> Text:
        return self._letters(str.casefold)

    def _letters(self, change: Callable[[str], str]) -> Text:
        changed = change(self)
        same = self.isascii() and len(changed) == len(self)
        return type(self)(changed, self.runs) if same else derived(changed, (self,))


empty = Text("", ())


def from_origin(value: str, origin: Origin) -> Text:
    """A text of one source."""
    return from_mark(value, of(origin))


def from_mark(value: str, mark: Mark) -> Text:
    """A text of which one thing is known."""
    return _text(value, ((len(value), mark),) if value else ())


def joined(pieces: Iterable[str]) -> Text:
    """The texts one after the other; a plain string among them is of unknown source."""
    texts = [p if isinstance(p, Text) else Text(p) for p in pieces]
    check_length(sum(map(len, texts)))
    runs: list[Run] = []
    last: Mark | None = None
    for piece in texts:
        for run in piece.runs:
            if run[1] == last:
                runs[-1] = (runs[-1][0] + run[0], run[1])
            else:
                last = run[1]
                runs.append(run)
    return _text("".join(texts), tuple(runs))


def _text(value: str, runs: Runs) -> Text:
    """`Text(value, runs)` at a third of its cost."""
    self = _new(Text, value)
    self.runs = runs
    return self


def retold(text: Text, runs: Iterable[Run]) -> Text:
    """The same text with other runs."""
    if type(text) is not Text:
        return type(text)(str.__str__(text), tuple(runs))
    return _text(str.__str__(text), tuple(runs))


def _beside(one: Runs, other: Runs) -> Runs:
    if one and other and one[-1][1] == other[0][1]:
        return (*one[:-1], (one[-1][0] + other[0][0], other[0][1]), *other[1:])
    return one + other


def derived(value: str, sources: Iterable[Any]) -> Text:
    """A text made out of others in a way that does not say which character became which: of their
    source if they have but one, else unknown."""
    check_length(len(value))
    marks = {run[1] for source in sources if isinstance(source, Text) for run in source.runs}
    if not value:
        return empty
    if len(marks) == 1:
        return Text(_plain(value), ((len(value), marks.pop()),))
    return Text(_plain(value), ((len(value), _UNKNOWN),))


def computed(value: str) -> Text:
    """The text of a value that is no text."""
    return from_origin(value, COMPUTED)


def _plain(text: str) -> str:
    return str.__str__(text) if isinstance(text, Text) else text


def _cut(runs: Runs, start: int, stop: int) -> Runs:
    out: list[Run] = []
    position = 0
    for run in runs:
        end = position + run[0]
        low, high = max(position, start), min(end, stop)
        if low < high:
            out.append(run if high - low == run[0] else (high - low, run[1]))
        position = end
        if end >= stop:
            break
    return tuple(out)


_DIRECTIVE = re.compile(r"%(?:%|[sd])")


def _percent(text: Text, values: Any) -> Text:
    """printf-like formatting; only `%s`, `%d` and `%%` keep their sources."""
    if re.search(r"[0-9*]{5,}|\*", text):
        check_width(10**9)
    # Texts of mappings and lists are made of texts, so that module stands above this one.
    from agentdata.templates.jinja.values import as_text

    native = str.__mod__(text, values)
    arguments = list(values) if isinstance(values, tuple) else [values]
    pieces: list[str] = []
    position = 0
    for match in _DIRECTIVE.finditer(text):
        pieces.append(text.cut(position, match.start()))
        position = match.end()
        if match.group() == "%%":
            pieces.append(text.cut(position - 1, position))
        elif arguments:
            value = arguments.pop(0)
            pieces.append(as_text(value))
    pieces.append(text.cut(position, len(text)))
    whole = joined(pieces)
    return whole if whole == native else derived(native, (text, *arguments))
