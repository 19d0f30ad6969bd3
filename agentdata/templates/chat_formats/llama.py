"""Llama 3 and 4."""

from __future__ import annotations

from agentdata.templates.chat_formats.base import ChatFormat


def _llama(name: str, families: str, start: str, end: str, stop: str) -> ChatFormat:
    def turn(role: str) -> tuple[str, str]:
        return f"{start}{role}{end}\n\n", stop

    return ChatFormat(
        name=name,
        families=families,
        begin="<|begin_of_text|>",
        system=turn("system"),
        user=turn("user"),
        tool=turn("tool"),
        assistant=turn("assistant")[0],
        end_of_turn=stop,
        turn_separator=stop,
        agent_template=name,
        control_tokens=("<|begin_of_text|>", start, end, stop),
    )


FORMATS = (
    _llama(
        "llama3", "Llama 3, Llama 3.1", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"
    ),
    _llama("llama4", "Llama 4 Scout, Maverick", "<|header_start|>", "<|header_end|>", "<|eot|>"),
)
