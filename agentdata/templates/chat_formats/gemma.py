"""Gemma 4."""

from __future__ import annotations

from dataclasses import replace

from agentdata.templates.chat_formats.base import ChatFormat, Earlier, EmptyThink


def _without_channel(text: str) -> str:
    return text.split("<channel|>")[-1].strip()


_PLAIN = ChatFormat(
    name="gemma4_nothinking",
    families="Gemma 4 E2B, E4B (no thinking)",
    begin="<bos>",
    system=("<|turn>system\n", "<turn|>\n"),
    user=("<|turn>user\n", "<turn|>\n"),
    assistant="<|turn>model\n",
    end_of_turn="<turn|>\n",
    turn_separator="<turn|>\n",
    agent_template="gemma4",
    control_tokens=("<bos>", "<|turn>", "<turn|>"),
)

FORMATS = (
    _PLAIN,
    replace(
        _PLAIN,
        name="gemma4",
        families="Gemma 4",
        empty_think="<|channel>thought\n<channel|>",
        empty_think_in=EmptyThink.AFTER_USER,
        think_open="<|channel>thought",
        earlier_thinking=Earlier.TRAINED,
        without_thinking=_without_channel,
    ),
)
