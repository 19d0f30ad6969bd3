"""Tencent: Hunyuan, Hy3, Youtu-LLM."""

from __future__ import annotations

from agentdata.templates.chat_formats.base import (
    ChatFormat,
    Earlier,
    EmptyThink,
    SystemTurn,
    system_words,
)
from agentdata.templates.prompt import Mark, Piece


def _answer(text: str) -> str:
    """The reply in `<answer>`, which Hunyuan writes after its thinking."""
    return text.split("<answer>")[-1].rstrip().removesuffix("</answer>").strip()


def _after_think(text: str) -> str:
    return text.rsplit("</think>", 1)[-1].strip()


def _hy(name: str, families: str, begin: str, ending: str, agent_template: str) -> ChatFormat:
    """Hy3; `ending` is what its marks end with."""

    def system_turn(turn: SystemTurn) -> tuple[Piece, ...]:
        return system_words(
            turn, tail=Mark(f"<｜reasoning_mode{ending}｜>reasoning_effort:no_think")
        )

    stop, user = f"<｜hy_eos{ending}｜>", f"<｜hy_User{ending}｜>"
    empty = f"<think{ending}></think{ending}>"
    return ChatFormat(
        name=name,
        families=families,
        begin=begin,
        user=(user, ""),
        tool=("", ""),
        assistant=f"<｜hy_Assistant{ending}｜>",
        end_of_turn=stop,
        turn_separator=stop,
        agent_template=agent_template,
        control_tokens=(begin, user, f"<｜hy_Assistant{ending}｜>", stop),
        system_turn=system_turn,
        empty_think=empty,
        history_think=empty,
        earlier_thinking=Earlier.TRAINED,
    )


FORMATS = (
    ChatFormat(
        name="hunyuan",
        families="Hunyuan 0.5B to 7B, Hunyuan-A13B",
        begin="<｜hy_begin▁of▁sentence｜>",
        system=("", "<｜hy_place▁holder▁no▁3｜>"),
        user=("<｜hy_User｜>", ""),
        assistant="<｜hy_Assistant｜>",
        end_of_turn="<｜hy_place▁holder▁no▁2｜>",
        turn_separator="<｜hy_place▁holder▁no▁2｜>",
        agent_template="hunyuan_hermes",
        control_tokens=(
            "<｜hy_begin▁of▁sentence｜>",
            "<｜hy_User｜>",
            "<｜hy_Assistant｜>",
            "<｜hy_place▁holder▁no▁2｜>",
            "<｜hy_place▁holder▁no▁3｜>",
        ),
        empty_think="<think>\n\n</think>\n",
        earlier_thinking=Earlier.TRAINED,
        without_thinking=_answer,
    ),
    _hy("hy_v3", "Hy3", "<｜hy_begin_of_sentence:opensource｜>", ":opensource", "hy_v3"),
    _hy("hy_v3_preview", "Hy3-preview", "<｜hy_begin▁of▁sentence｜>", "", "hy_v3_preview"),
    ChatFormat(
        name="youtu_llm",
        families="Youtu-LLM",
        begin="<|begin_of_text|>",
        user=("<|User|>", ""),
        assistant="<|Assistant|>",
        end_of_turn="<|end_of_text|>",
        turn_separator="<|end_of_text|>",
        agent_template="youtu",
        control_tokens=("<|begin_of_text|>", "<|end_of_text|>"),
        empty_think="<think>\n\n</think>\n\n",
        empty_think_in=EmptyThink.LAST,
        think_open="<think>",
        think_anywhere=True,
        earlier_thinking=Earlier.UNTIL_TOOLS,
        without_thinking=_after_think,
    ),
)
