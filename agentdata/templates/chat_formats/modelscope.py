"""ModelScope-Agent's prompt, in which MSAgent-Bench was published."""

from __future__ import annotations

from agentdata.templates.chat_formats.base import ChatFormat

FORMATS = (
    ChatFormat(
        name="modelscope_agent",
        families="ModelScope-Agent, MSAgent-Qwen (MSAgent-Bench as published)",
        system=(" \n\n<|system|>:", ""),
        user=(" \n\n<|user|>:", ""),
        assistant=" \n\n<|assistant|>:",
        end_of_turn=" \n\n</s>",
        turn_separator="",
        agent_template="react_zh",
        default_system="You are a helpful assistant.",
        native=True,
    ),
)
