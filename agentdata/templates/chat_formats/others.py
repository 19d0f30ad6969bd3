"""Families with one format each: Ling, Spark, Xing."""

from __future__ import annotations

from agentdata.templates.chat_formats.base import ChatFormat, Earlier, SystemTurn, system_words
from agentdata.templates.prompt import Piece

_SPARK_BEGIN = "<｜start▁of▁sentence｜>"
_SPARK_END = "<｜end▁of▁sentence｜>"
_SPARK_SYSTEM = f"{_SPARK_BEGIN}<|System|>\nyou are a helpful assistant."


def _thinking_on(turn: SystemTurn) -> tuple[Piece, ...]:
    if "detailed thinking on" in turn.text or "detailed thinking off" in turn.text:
        return turn.pieces
    new_line = "\n" if turn.text else ""
    return system_words(turn, tail=f"{new_line}detailed thinking on")


def _after_own_system(turn: SystemTurn) -> tuple[Piece, ...]:
    """A blank line between the model's own system prompt and the conversation's."""
    return system_words(turn, lead="\n\n") if turn.system and not turn.has_tools else turn.pieces


FORMATS = (
    ChatFormat(
        name="ling3",
        families="Ling 3.0, Ring 3.0",
        system=("<role>SYSTEM</role>", "<|role_end|>"),
        user=("<role>HUMAN</role>", "<|role_end|>"),
        tool=("<role>OBSERVATION</role>", "<|role_end|>"),
        assistant="<role>ASSISTANT</role>\n",
        end_of_turn="<|role_end|>",
        turn_separator="<|role_end|>",
        agent_template="ling3",
        control_tokens=("<|role_end|>",),
        system_turn=_thinking_on,
        empty_think="<think></think>",
        generation="<think>",
        earlier_thinking=Earlier.TRAINED,
    ),
    ChatFormat(
        name="spark2_5",
        families="Spark X2.5",
        system=(_SPARK_SYSTEM, _SPARK_END),
        no_system=_SPARK_SYSTEM + _SPARK_END,
        user=(f"{_SPARK_BEGIN}<|User|>", _SPARK_END),
        tool=(f"{_SPARK_BEGIN}<|Tool|>", _SPARK_END),
        assistant=f"{_SPARK_BEGIN}<|Bot|>",
        end_of_turn=_SPARK_END,
        turn_separator=_SPARK_END,
        agent_template="spark2_5",
        control_tokens=(_SPARK_BEGIN, _SPARK_END),
        system_turn=_after_own_system,
        empty_think="</think>",
        history_think="</think>",
        earlier_thinking=Earlier.TRAINED,
    ),
    ChatFormat(
        name="xing4_0",
        families="Xing 4.0 (TeleChat)",
        system=("<_system>", ""),
        no_system="<_system>",
        user=("<_user>", ""),
        tool=("<_observation>", ""),
        assistant="<_bot>",
        end_of_turn="<_end>\n",
        turn_separator="<_end>\n",
        agent_template="xing4_0",
        control_tokens=("<_system>", "<_user>", "<_observation>", "<_bot>", "<_end>"),
        empty_think="</think>",
        generation="<think>\n",
        history_think="</think>",
        earlier_thinking=Earlier.DROPPED,
    ),
)
