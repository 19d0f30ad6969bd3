"""Turns in a text of the model that goes on behind its own end, in the control tokens of a model.

Sources: the chat templates of the models that are named below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

MODEL = frozenset({"assistant", "model", "ai", "chatbot"})
USER = frozenset({"user", "human"})
SYSTEM = frozenset({"system", "developer"})


class ReplyTurn(NamedTuple):
    """A turn: its role in lower case, what is said, and the tool that it is said to."""

    role: str
    text: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class TurnStyle:
    """How the turns of a model's prompt begin and end.

    `head` begins a turn: its group `role` says whose it is, `to`, if it has one, to whom it speaks.
    `sign` stands in every such text. A text goes on behind one of `ends`; without `ends`, if the
    first turn that is not the model's is a tool's. `begun` is what is left of the head where a
    text begins within it.
    """

    sign: str
    head: re.Pattern[str]
    ends: tuple[str, ...] = ()
    begun: re.Pattern[str] | None = None


STYLES = (
    TurnStyle(  # ChatML, InternLM 2
        "<|im_start|>",
        re.compile(r"<\|im_start\|>(?P<role>\w+)(?:[^\S\n]+name=[^\n]*)?[^\S\n]*\n?"),
        ("<|im_end|>",),
    ),
    TurnStyle(  # Llama 3, functionary v3
        "<|start_header_id|>",
        re.compile(r"<\|start_header_id\|>(?P<role>\w+)<\|end_header_id\|>\n*"),
        ("<|eot_id|>", "<|eom_id|>"),
    ),
    TurnStyle(  # Gemma
        "<start_of_turn>",
        re.compile(r"<start_of_turn>(?P<role>\w+)[^\S\n]*\n?"),
        ("<end_of_turn>",),
    ),
    TurnStyle(  # Granite
        "<|start_of_role|>",
        re.compile(r"<\|start_of_role\|>(?P<role>\w+)[^<\n]*<\|end_of_role\|>"),
        ("<|end_of_text|>",),
    ),
    TurnStyle(  # Command R
        "<|START_OF_TURN_TOKEN|>",
        re.compile(
            r"<\|START_OF_TURN_TOKEN\|><\|(?:(?P<role>CHATBOT|USER)_TOKEN\|>"
            r"|SYSTEM_TOKEN\|>(?=\s*(?:<results>|<\|START_TOOL_RESULT\|>)))"
        ),
        ("<|END_OF_TURN_TOKEN|>",),
    ),
    TurnStyle(  # Kimi
        "<|im_middle|>",
        re.compile(r"<\|im_(?:user|assistant|system)\|>(?P<role>[^<\n]*)<\|im_middle\|>"),
        ("<|im_end|>",),
    ),
    TurnStyle(  # Phi-4
        "<|end|>",
        re.compile(r"<\|(?P<role>assistant|user|system|tool|tool_response)\|>\n?"),
        ("<|end|>",),
    ),
    TurnStyle(  # MiniMax
        "]~b]",
        re.compile(r"\]~b\](?P<role>\w+)[^\S\n]*\n?"),
        ("[e~[",),
    ),
    TurnStyle(  # GLM
        "<|observation|>",
        re.compile(r"<\|(?P<role>observation|assistant|user)\|>"),
    ),
    TurnStyle(  # functionary v2
        "<|from|>",
        re.compile(
            r"<\|from\|>\s*(?P<role>[\w.]+)\s*<\|recipient\|>\s*(?P<to>[\w.]+)\s*<\|content\|>"
        ),
        begun=re.compile(r"\s*(?P<to>[\w.]+)\s*<\|content\|>"),
    ),
    TurnStyle(  # functionary v1
        "<|END_OF_FUNCTION_CALL|>",
        re.compile(r"^(?:(?P<role>assistant|user)|function name=[\w.]+):\n", re.MULTILINE),
        ("<|END_OF_FUNCTION_CALL|>", "<|END_OF_FUNCTION_RESULT|>", "<|END_OF_ASSISTANT|>"),
    ),
)
_STOPS = ("<|stop|>", "<|endoftext|>", "</s>", "<|END_OF_USER|>")
_TO_ALL = ("", "all")


def turns_in(text: str) -> list[ReplyTurn]:
    """The turns of a text of the model that goes on behind its own end; [] of one that does not. A
    text that shows turns, and has none of its own before, is not one that does."""
    for style in STYLES:
        if style.sign in text and (turns := _cut(text, style)):
            return turns
    return []


def turn_left(text: str) -> str | None:
    """The first head in a text of a turn that is not the model's; None where there is none."""
    for style in STYLES:
        if style.sign in text:
            for head in style.head.finditer(text):
                if _role(head) not in MODEL:
                    return head[0].strip()
    return None


def _role(head: re.Match[str]) -> str:
    return (head["role"] or "tool").lower()


def _cut(text: str, style: TurnStyle) -> list[ReplyTurn]:
    heads = list(style.head.finditer(text))
    start, to = 0, ""
    if heads and _role(heads[0]) in MODEL and not text[: heads[0].start()].strip():
        start, to = heads[0].end(), heads[0].groupdict().get("to") or ""
        heads = heads[1:]
    elif style.begun and (begun := style.begun.match(text)):
        start, to = begun.end(), begun["to"]
    other = next((role for role in map(_role, heads) if role not in MODEL), None)
    if other is None or not _goes_on(text[start : heads[0].start()], style, other):
        return []
    return [turn for turn in _turns(text, style, heads, start, to) if turn.text]


def _goes_on(before: str, style: TurnStyle, other: str) -> bool:
    """Whether what stands before the first head is a turn of the model; `other` is the first role
    that is not the model's."""
    if not before.strip():
        return False
    if not style.ends:
        return other not in USER and other not in SYSTEM
    return before.rstrip().endswith((*style.ends, *_STOPS))


def _turns(
    text: str, style: TurnStyle, heads: list[re.Match[str]], start: int, to: str
) -> Iterator[ReplyTurn]:
    role = "assistant"
    for head in [*heads, None]:
        said = _ended(text[start : head.start() if head else len(text)], style)
        yield ReplyTurn(role, said, "" if to in _TO_ALL or role not in MODEL else to)
        if head:
            role, start, to = _role(head), head.end(), head.groupdict().get("to") or ""


def _ended(text: str, style: TurnStyle) -> str:
    """The text without the ends of its turn; that of a call belongs to the call."""
    ends = tuple(end for end in (*style.ends, *_STOPS) if "CALL" not in end)
    text = text.strip()
    while text.endswith(ends):
        text = next(text.removesuffix(end) for end in ends if text.endswith(end)).rstrip()
    return text
