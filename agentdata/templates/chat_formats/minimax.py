"""MiniMax M2 and M3."""

from __future__ import annotations

from typing import Any

from agentdata.templates.chat_formats.base import ChatFormat, Earlier, SystemTurn
from agentdata.templates.prompt import Kind, Mark, Piece

_STOP = "[e~[\n"
_SYSTEM = "]~!b[]~b]system\n"
_M3_SYSTEM = """Your model version is MiniMax-M3, developed by MiniMax. Knowledge cutoff: January 2026. Founded in early 2022, MiniMax is a global AI foundation model company committed to advancing the frontiers of AI towards AGI.

<thinking_instructions>
You have a thinking capability that allows you to reason step by step before responding. When thinking is enabled, wrap your reasoning in <mm:think></mm:think> tags before your response. When thinking is disabled, begin your response directly after the </mm:think> prefix. When thinking is adaptive, decide on your own whether to think for the current turn.
Current thinking mode: disabled. Do not output any thinking process.
</thinking_instructions>"""


def _developer(turn: SystemTurn) -> tuple[Piece, ...]:
    """The model's own system turn; what the conversation says is the developer's."""
    return (
        (Kind.SYSTEM, _M3_SYSTEM),
        (Kind.SYSTEM, Mark(f"{_STOP}]~b]developer\n")),
        *turn.pieces,
    )


def _minimax(name: str, families: str, **more: Any) -> ChatFormat:
    settings: dict[str, Any] = {
        "system": (_SYSTEM, _STOP),
        "no_system": _SYSTEM + _STOP,
        "user": ("]~b]user\n", _STOP),
        "tool": ("]~b]tool\n", _STOP),
        "assistant": "]~b]ai\n",
        "end_of_turn": _STOP,
        "turn_separator": _STOP,
        "control_tokens": ("]~!b[", "]~b]", "[e~["),
        "earlier_thinking": Earlier.TRAINED,
    }
    return ChatFormat(name=name, families=families, **(settings | more))


FORMATS = (
    _minimax(
        "minimax_m2",
        "MiniMax-M2",
        agent_template="minimax_m2",
        default_system="You are MiniMax-M2, a helpful AI assistant built by MiniMax. "
        "Knowledge cutoff: 2025-06.",
        generation="<think>\n",
    ),
    _minimax(
        "minimax_m3_vl",
        "MiniMax-M3",
        agent_template="minimax_m3",
        default_system="You are a helpful assistant.",
        system_turn=_developer,
        empty_think="</mm:think>",
        history_think="</mm:think>",
    ),
)
