"""ChatML (`<|im_start|>`) and the families that write it: Qwen, InternLM, MiniCPM."""

from __future__ import annotations

from typing import Any

from agentdata.templates.chat_formats.base import ChatFormat, Earlier
from agentdata.templates.prompt import Kind, Piece

EMPTY_THINK = "<think>\n\n</think>\n\n"


def _im(name: str, families: str, **more: Any) -> ChatFormat:
    settings: dict[str, Any] = {
        "system": ("<|im_start|>system\n", "<|im_end|>\n"),
        "user": ("<|im_start|>user\n", "<|im_end|>\n"),
        "assistant": "<|im_start|>assistant\n",
        "end_of_turn": "<|im_end|>\n",
        "turn_separator": "<|im_end|>\n",
        "agent_template": "hermes",
        "control_tokens": ("<|im_start|>", "<|im_end|>"),
    }
    return ChatFormat(name=name, families=families, **(settings | more))


def _stripped(text: str) -> tuple[Piece, ...]:
    """A message without white space around it, its think block with the canonical line breaks."""
    text = text.strip()
    if "<think>" not in text or "</think>" not in text:
        return ((Kind.CONTENT, text),)
    before, _, after = text.partition("</think>")
    thinking = before.rstrip("\n").rsplit("<think>", 1)[-1].strip()
    reasoning = f"<think>\n{thinking}\n</think>\n\n"
    return (Kind.REASONING, reasoning), (Kind.CONTENT, after.lstrip("\n"))


FORMATS = (
    _im("chatml", "any ChatML model: Yi, InternLM, Hermes, SmolLM", bos=True),
    _im(
        "qwen2_5",
        "Qwen2.5, Qwen2.5-Coder",
        default_system="You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
    ),
    _im(
        "qwen3",
        "Qwen3 (thinking and not)",
        empty_think=EMPTY_THINK,
        earlier_thinking=Earlier.TRAINED,
    ),
    _im(
        "qwen3_thinking",
        "Qwen3-Thinking-2507, QwQ",
        generation="<think>\n",
        earlier_thinking=Earlier.TRAINED,
    ),
    _im("qwen3_nothinking", "Qwen3-Instruct-2507"),
    _im("qwen3_coder", "Qwen3-Coder", agent_template="qwen3_coder"),
    _im(
        "qwen3_5",
        "Qwen3.5, Qwen3.6",
        agent_template="qwen3_5",
        empty_think=EMPTY_THINK,
        earlier_thinking=Earlier.TRAINED,
        said=_stripped,
        trims=True,
    ),
    _im(
        "internlm2",
        "InternLM2, InternLM2.5, InternLM3",
        bos=True,
        default_system=(
            "You are an AI assistant whose name is InternLM (书生·浦语).\n"
            "- InternLM (书生·浦语) is a conversational language model that is developed by "
            "Shanghai AI Laboratory (上海人工智能实验室). It is designed to be helpful, honest, "
            "and harmless.\n"
            "- InternLM (书生·浦语) can understand and communicate fluently in the language "
            "chosen by the user such as English and 中文."
        ),
    ),
    _im(
        "minicpm5",
        "MiniCPM5",
        agent_template="minicpm5",
        bos=True,
        empty_think=EMPTY_THINK,
        earlier_thinking=Earlier.TRAINED,
    ),
)
