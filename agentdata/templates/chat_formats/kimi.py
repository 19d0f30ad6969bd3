"""Kimi K2.5 and K3.

K3 writes a message in channels: thinking, response, then tools, each in `<|open|>` and
`<|close|>`. Source: `encoding_k3.py` of its repository.
"""

from __future__ import annotations

from agentdata.templates.chat_formats.base import ChatFormat, Earlier, SystemTurn, system_words
from agentdata.templates.prompt import Kind, Mark, Piece

_CLOSE_MESSAGE = "<|close|>message<|sep|><|end_of_msg|>"
_THINK = Mark("<|open|>think<|sep|>")
_RESPONSE = Mark("<|close|>think<|sep|><|open|>response<|sep|>")
_EMPTY = _THINK + _RESPONSE


def _named_system(turn: SystemTurn) -> tuple[Piece, ...]:
    # The agent template writes the marks of its own system turns.
    if turn.system is None or turn.has_tools:
        return turn.pieces
    return system_words(turn, lead=Mark("system<|im_middle|>"))


def _attributed_system(turn: SystemTurn) -> tuple[Piece, ...]:
    if turn.system is None or turn.has_tools:
        return turn.pieces
    return system_words(turn, lead=Mark('role="system"<|sep|>'))


def _channels(text: str) -> tuple[Piece, ...]:
    thinking, response = "", text
    if text.startswith("<think>"):
        thinking, closed, response = text.removeprefix("<think>").partition("</think>")
        if not closed:
            return (Kind.REASONING, _THINK), (Kind.REASONING, thinking)
    return (
        (Kind.REASONING, _THINK),
        (Kind.REASONING, thinking),
        (Kind.REASONING, _RESPONSE),
        (Kind.CONTENT, response),
        (Kind.CONTENT, Mark("<|close|>response<|sep|>")),
    )


FORMATS = (
    ChatFormat(
        name="kimi_k25",
        families="Kimi K2.5, K2.6",
        system=("<|im_system|>", "<|im_end|>"),
        user=("<|im_user|>user<|im_middle|>", "<|im_end|>"),
        tool=("<|im_system|>tool<|im_middle|>", "<|im_end|>"),
        assistant="<|im_assistant|>assistant<|im_middle|>",
        end_of_turn="<|im_end|>",
        turn_separator="<|im_end|>",
        agent_template="kimi_k25",
        control_tokens=(
            "<|im_system|>",
            "<|im_user|>",
            "<|im_assistant|>",
            "<|im_middle|>",
            "<|im_end|>",
        ),
        system_turn=_named_system,
        empty_think="<think></think>",
        history_think="<think></think>",
        earlier_thinking=Earlier.TRAINED,
    ),
    ChatFormat(
        name="kimi_k3",
        families="Kimi K3",
        system=("<|open|>message ", _CLOSE_MESSAGE),
        user=('<|open|>message role="user"<|sep|>', _CLOSE_MESSAGE),
        tool=('<|open|>message role="tool"', _CLOSE_MESSAGE),
        assistant='<|open|>message role="assistant"<|sep|>',
        end_of_turn=_CLOSE_MESSAGE,
        turn_separator=_CLOSE_MESSAGE,
        agent_template="kimi_k3",
        control_tokens=("<|open|>", "<|close|>", "<|sep|>", "<|end_of_msg|>"),
        system_turn=_attributed_system,
        empty_think=_EMPTY,
        think_open=_THINK,
        generation=_THINK,
        earlier_thinking=Earlier.KEPT,
        said=_channels,
    ),
)
