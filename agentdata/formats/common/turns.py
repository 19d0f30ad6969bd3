"""Whole conversations written as one text, cut into their turns."""

from __future__ import annotations

import re
from typing import NamedTuple


class TextTurn(NamedTuple):
    """A turn of a text: its role as written, and what is said."""

    role: str
    text: str


_CHATML = re.compile(r"<\|im_start\|>(\w+)[^\S\n]*\n?")
_LLAMA3 = re.compile(r"<\|start_header_id\|>(\w+)<\|end_header_id\|>\n*")
_GEMMA = re.compile(r"<start_of_turn>(\w+)[^\S\n]*\n?")
_STYLES = ((_CHATML, "<|im_end|>"), (_LLAMA3, "<|eot_id|>"), (_GEMMA, "<end_of_turn>"))
_BEGIN = re.compile(r"\A(?:<\|begin_of_text\|>|<bos>|<s>|<\|endoftext\|>|\s)+")


def special_token_turns(text: str) -> list[TextTurn]:
    """The turns of a text in ChatML, in Llama 3's headers or in Gemma's; [] where it is none.

    What stands before the first mark is a system turn. The head of a turn that the model has yet
    to write is no turn.
    """
    for mark, end in _STYLES:
        if mark.search(text) is not None:
            return _cut(text, mark, end)
    return []


def _cut(text: str, mark: re.Pattern[str], end: str) -> list[TextTurn]:
    pieces = mark.split(text)
    turns = [TextTurn("system", _BEGIN.sub("", pieces[0]))]
    turns += map(TextTurn, pieces[1::2], pieces[2::2])
    said = [TextTurn(role, _ended(body, end)) for role, body in turns]
    if said[-1].role in ("assistant", "model") and not said[-1].text.strip():
        said.pop()
    return said if said and said[0].text.strip() else said[1:]


def _ended(text: str, end: str) -> str:
    """The text without its end of turn; a text cut off before it loses no letter."""
    said, mark, after = text.rpartition(end)
    return said if mark and not after.strip() else text


def labelled_turns(text: str, label: re.Pattern[str]) -> list[TextTurn]:
    """The turns of a text in which each begins with a label; `label` has the role as its group.
    White space around a turn belongs to the labels; what stands before the first is a turn of the
    role "".

    >>> labelled_turns("USER: hi\\nASSISTANT: hello", re.compile("^(USER|ASSISTANT):", re.M))
    [TextTurn(role='USER', text='hi'), TextTurn(role='ASSISTANT', text='hello')]
    """
    pieces = label.split(text)
    turns = [TextTurn("", pieces[0].strip())] if pieces[0].strip() else []
    return turns + [
        TextTurn(role, body.strip()) for role, body in zip(pieces[1::2], pieces[2::2], strict=True)
    ]
