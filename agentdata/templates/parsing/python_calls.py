"""Calls in Python's own syntax: `[look(city="Oslo", days=2), now()]`."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Any

from agentdata.templates.parsing.base import Reader, skip_space

_MAX_CHARS = 1_000_000
_BARE = re.compile(r"(?:^|(?<=\n))\[\s*(?=[^\W\d][\w.]*\()")
_TOKEN = re.compile(
    r'"(?:[^"\\]++|\\.)*+"' r"|'(?:[^'\\]++|\\.)*+'" r"|[\[\](){}]",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class PythonCalls:
    """`open` a list of calls, or calls on lines, `close`. Nothing of it is run: only calls of names
    with literal keyword arguments are read."""

    open: str = ""
    close: str = ""

    def find(self, text: str, start: int) -> int:
        if self.open:
            return text.find(self.open, start)
        match = _BARE.search(text, start)
        return match.start() if match else -1

    def read(self, reader: Reader, start: int) -> int:
        text = reader.text
        begin = skip_space(text, start + len(self.open))
        end = _bracket_end(text, begin) if text.startswith("[", begin) else None
        if end is None:
            end = text.find(self.close, begin) if self.close else -1
            end = len(text) if end < 0 else end
        self._read(reader, begin, end)
        following = skip_space(text, end)
        if not self.close or text.startswith(self.close, following):
            return max(following if self.close else end, start) + len(self.close)
        reader.fault("missing_end", f"no {self.close} after the calls", end, end)
        return max(end, start + len(self.open))

    def _read(self, reader: Reader, start: int, end: int) -> None:
        source = reader.text[start:end]
        try:
            if len(source) > _MAX_CHARS:
                raise ValueError(f"more than {_MAX_CHARS} characters")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                body = ast.parse(source.rstrip()).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            why = getattr(error, "msg", None) or str(error) or type(error).__name__
            reader.fault("bad_python", f"no Python calls: {why}", start, end)
            return
        places = _Places(source, start)
        for statement in body:
            value = statement.value if isinstance(statement, ast.Expr) else statement
            for node in value.elts if isinstance(value, ast.List | ast.Tuple) else [value]:
                self._add(reader, node, places)

    def _add(self, reader: Reader, node: ast.AST, places: _Places) -> None:
        place = places.of(node)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
            reader.fault("no_call", "Python that is no call of a name", *place)
            return
        name_at = places.of(node.func)
        name = reader.text[slice(*name_at)]
        arguments: dict[str, Any] = {}
        if node.args:
            reader.fault(
                "positional_argument", "an argument without a name", *places.of(node.args[0])
            )
        for keyword in node.keywords:
            try:
                if keyword.arg is None:
                    raise ValueError
                arguments[keyword.arg] = ast.literal_eval(keyword.value)
            except (ValueError, TypeError, RecursionError, MemoryError):
                reader.fault("no_literal", "an argument that is no literal", *places.of(keyword))
        at = places.of(node.keywords[0])[0] if node.keywords else place[1] - 1
        reader.add(name, arguments, name_at, (at, place[1] - 1))


class _Places:
    """From the lines and UTF-8 columns of `ast` to characters of the whole text."""

    def __init__(self, source: str, start: int) -> None:
        self.lines = re.split(r"(?<=\n)", source)
        self.starts = [start]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def of(self, node: ast.AST) -> tuple[int, int]:
        line, end = node.lineno - 1, node.end_lineno - 1  # type: ignore[attr-defined]
        return (
            self._at(line, node.col_offset),  # type: ignore[attr-defined]
            self._at(end, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def _at(self, line: int, column: int) -> int:
        if line >= len(self.lines):
            return self.starts[-1]
        return self.starts[line] + len(self.lines[line].encode()[:column].decode(errors="ignore"))


def _bracket_end(text: str, start: int) -> int | None:
    depth = 0
    for match in _TOKEN.finditer(text, start):
        if match.group() in ("[", "(", "{"):
            depth += 1
        elif match.group() in ("]", ")", "}"):
            depth -= 1
            if not depth:
                return match.end()
    return None
