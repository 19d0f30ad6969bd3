"""The canonical think block at the beginning of a text."""

from __future__ import annotations

_OPEN = "<think>\n"
_CLOSE = "\n</think>\n\n"


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
