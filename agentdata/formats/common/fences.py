"""Code fences of Markdown."""

from __future__ import annotations

import re

_FENCED = re.compile(
    r"^(?P<fence>`{3,})[^\n`]*\n(?P<inside>.*?)(?:^(?P=fence)`*[ \t]*$|(?:^`{3,}\s*)?\Z)",
    re.MULTILINE | re.DOTALL,
)
_WHOLE = re.compile(r"\s*(?P<fence>`{3,})[^\n`]*\n(?P<inside>.*?)\n?(?P=fence)\s*", re.S)


def fenced_blocks(text: str) -> list[str]:
    """What stands inside the fences of a text; a fence ends at a line of as many marks or more, or
    with the text.

    >>> fenced_blocks("say\\n```text\\nhi\\n```\\n")
    ['hi\\n']
    """
    return [block["inside"] for block in _FENCED.finditer(text)]


def unfenced(text: str) -> str:
    """What stands inside the fence that is all of a text; the text itself where it is none."""
    block = _WHOLE.fullmatch(text)
    return block["inside"] if block else text
