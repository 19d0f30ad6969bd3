"""The turn marks of each model family, as data.

A family's marks are facts of its published chat template; the hand-written formats here follow
the texts that ms-swift trains with, which the parity suite holds them to.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentdata.errors import UsageError


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """How a model family marks turns.

    A user turn is `user[0] + text + user[1]`, a system prompt likewise; the model's turn opens
    with `assistant` and ends with `end_of_turn`, of which only `turn_separator` is written where
    another turn follows. `control_tokens` must be single tokens of the tokenizer.
    `default_system` stands where a conversation has no system prompt (None: no system turn).
    `empty_think` is put before a reply that has no thinking, by formats of thinking models; these
    also drop the thinking of earlier rounds when only the last round is trained.
    `bos` writes the tokenizer's beginning token first, if it has one.
    """

    name: str
    families: str
    system: tuple[str, str]
    user: tuple[str, str]
    assistant: str
    end_of_turn: str
    turn_separator: str
    agent_template: str
    control_tokens: tuple[str, ...] = ()
    default_system: str | None = None
    empty_think: str = ""
    bos: bool = False
    native: bool = False
    """Prints `Conversation.native` as it stands, where a reader kept it."""


def _im(name: str, families: str, **more: object) -> ChatFormat:
    """A format of the `<|im_start|>` kind (ChatML)."""
    settings: dict[str, object] = {
        "system": ("<|im_start|>system\n", "<|im_end|>\n"),
        "user": ("<|im_start|>user\n", "<|im_end|>\n"),
        "assistant": "<|im_start|>assistant\n",
        "end_of_turn": "<|im_end|>\n",
        "turn_separator": "<|im_end|>\n",
        "agent_template": "hermes",
        "control_tokens": ("<|im_start|>", "<|im_end|>"),
    }
    return ChatFormat(name=name, families=families, **(settings | more))  # type: ignore[arg-type]


CHAT_FORMATS: dict[str, ChatFormat] = {
    chat_format.name: chat_format
    for chat_format in (
        _im("chatml", "any ChatML model: Yi, InternLM, Hermes, SmolLM", bos=True),
        _im(
            "qwen2_5",
            "Qwen2.5, Qwen2.5-Coder",
            default_system="You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
        ),
        _im("qwen3", "Qwen3 (thinking and not)", empty_think="<think>\n\n</think>\n\n"),
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
}


def get_chat_format(name: str) -> ChatFormat:
    """The chat format of that name. Raises UsageError `unknown_template`."""
    try:
        return CHAT_FORMATS[name]
    except KeyError:
        raise UsageError(
            "unknown_template",
            f"--template {name}: there is no such template",
            remedy=f"one of: {', '.join(sorted(CHAT_FORMATS))}",
        ) from None
