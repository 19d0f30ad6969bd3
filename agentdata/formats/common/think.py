"""The think block at the beginning of a text, canonical or not."""

from __future__ import annotations

import re

_OPEN = "<think>\n"
_CLOSE = "\n</think>\n\n"
_OPENING = re.compile(r"\s*<think>\s*")
_CLOSING = re.compile(r"\s*</think>\s*")


def split_think(text: str) -> tuple[str | None, str]:
    """(reasoning, content) of a text that begins with `<think>\\n{reasoning}\\n</think>\\n\\n`,
    where the reasoning neither begins nor ends with a line break; else (None, text).

    `join_think` of the result is always the text, to the letter.

    >>> split_think("<think>\\nwhy\\n</think>\\n\\nbecause")
    ('why', 'because')
    """
    if not text.startswith(_OPEN):
        return None, text
    start_of_close = text.find("</think>", len(_OPEN)) - 1
    if start_of_close < len(_OPEN) or not text.startswith(_CLOSE, start_of_close):
        return None, text
    reasoning = text[len(_OPEN) : start_of_close]
    if reasoning.startswith("\n") or reasoning.endswith("\n"):
        return None, text
    return reasoning, text[start_of_close + len(_CLOSE) :]


def join_think(reasoning: str | None, content: str) -> str:
    """The text that `split_think` split."""
    return content if reasoning is None else f"{_OPEN}{reasoning}{_CLOSE}{content}"


def split_spelled_think(text: str) -> tuple[str | None, str, tuple[str, str] | None]:
    """(reasoning, content, marks) of a text that begins with a think block in any spelling; the
    white space around the marks belongs to them. `marks` is None where the block is canonical or
    there is none, so that what the text was can always be told: marks[0] + reasoning + marks[1] +
    content.

    >>> split_spelled_think("<think>why</think> because")
    ('why', 'because', ('<think>', '</think> '))
    """
    reasoning, content = split_think(text)
    opening = _OPENING.match(text) if reasoning is None else None
    start = text.find("</think>", opening.end()) if opening else -1
    if opening is None or start < 0:
        return reasoning, content, None
    reasoning = text[opening.end() : start].rstrip()
    closing = _CLOSING.match(text, opening.end() + len(reasoning))
    assert closing is not None
    return reasoning, text[closing.end() :], (opening[0], closing[0])
