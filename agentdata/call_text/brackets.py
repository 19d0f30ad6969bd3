"""What stands between the commas of a bracket, in JSON and in Python alike."""

from __future__ import annotations

import re

from agentdata.call_text.base import Place, skip_space

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\''
    r'|"(?:[^"\\]++|\\.)*+"|\'(?:[^\'\\]++|\\.)*+\''
    r"|[()\[\]{},;\n\"']",
    re.DOTALL,
)
_CLOSERS = {"(": ")", "[": "]", "{": "}"}


def elements_of(
    text: str, start: int, end: int, closer: str = "]"
) -> tuple[list[Place], int] | None:
    """The places of what stands between the commas from `start` to the closing bracket, and the
    place after it. A last comma adds nothing. None where a bracket or a string does not end.

    Without a closer it is what stands up to `end`, and semicolons and line breaks part too.

    >>> elements_of("[1, (2, 3)] and", 1, 15)
    ([(1, 2), (4, 10)], 11)
    """
    elements: list[Place] = []
    open_ = [closer]
    begin = start

    def take(stop: int, even_empty: bool) -> None:
        at = min(skip_space(text, begin), stop)
        place = at, at + len(text[at:stop].rstrip())
        if even_empty or place[0] < place[1]:
            elements.append(place)

    for match in _TOKEN.finditer(text, start, end):
        token = match[0]
        if token in _CLOSERS:
            open_.append(_CLOSERS[token])
        elif token == open_[-1]:
            open_.pop()
            if not open_:
                take(match.start(), even_empty=False)
                return elements, match.end()
        elif token == "," or (token in (";", "\n") and not closer):
            if len(open_) == 1:
                take(match.start(), even_empty=token == ",")
                begin = match.end()
        elif token in ")]}\"'":
            return None
    if closer or len(open_) > 1:
        return None
    take(end, even_empty=False)
    return elements, end
