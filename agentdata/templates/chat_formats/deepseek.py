"""DeepSeek V3.1 and V4."""

from __future__ import annotations

from dataclasses import replace

from agentdata.templates.chat_formats.base import ChatFormat, Earlier, EmptyThink

_V3_1 = ChatFormat(
    name="deepseek_v3_1",
    families="DeepSeek-V3.1",
    begin="<｜begin▁of▁sentence｜>",
    user=("<｜User｜>", ""),
    tool=("", ""),
    assistant="<｜Assistant｜>",
    assistant_after_tool="",
    end_of_turn="<｜end▁of▁sentence｜>",
    turn_separator="<｜end▁of▁sentence｜>",
    agent_template="deepseek_v3_1",
    control_tokens=("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
    empty_think="</think>",
    empty_think_in=EmptyThink.AFTER_USER,
    earlier_thinking=Earlier.TRAINED,
    history_think="</think>",
)

FORMATS = (
    _V3_1,
    replace(
        _V3_1,
        name="deepseek_v4",
        families="DeepSeek-V4",
        agent_template="deepseek_v4",
        tool=None,
        assistant_after_tool=None,
        keeps_thinking_with_tools=True,
    ),
)
