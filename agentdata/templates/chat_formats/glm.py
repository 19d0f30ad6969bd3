"""GLM: each turn ends with the mark of the one that follows, which is what the model stops with."""

from __future__ import annotations

from dataclasses import replace

from agentdata.templates.chat_formats.base import ChatFormat, Earlier

_CHATGLM4 = ChatFormat(
    name="chatglm4",
    families="GLM-4-9B-Chat",
    system=("<|system|>\n", ""),
    user=("<|user|>\n", ""),
    tool=("<|observation|>\n", ""),
    assistant="<|assistant|>\n",
    assistant_before_calls="<|assistant|>",
    assistant_last="<|assistant|>",
    end_of_turn="<|user|>",
    turn_separator="",
    call_end="<|observation|>",
    agent_template="chatglm4",
    control_tokens=("<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"),
)
_GLM4 = replace(
    _CHATGLM4,
    name="glm4",
    families="GLM-4-0414",
    begin="[gMASK]<sop>",
    agent_template="glm4",
    control_tokens=(*_CHATGLM4.control_tokens, "[gMASK]", "<sop>"),
)
_GLM4_5 = replace(
    _GLM4,
    name="glm4_5",
    families="GLM-4.5, GLM-4.6",
    tool=("<|observation|>", ""),
    assistant_last=None,
    agent_template="glm4_5",
    empty_think="<think></think>\n",
    generation="<think></think>",
    history_think="<think></think>\n",
    think_before_calls="<think></think>",
    earlier_thinking=Earlier.TRAINED,
)
_GLM4_7 = replace(
    _GLM4_5,
    name="glm4_7",
    families="GLM-4.7, GLM-5",
    system=("<|system|>", ""),
    user=("<|user|>", ""),
    assistant="<|assistant|>",
    assistant_before_calls=None,
    agent_template="glm4_7",
    empty_think="</think>",
    generation="</think>",
    history_think="</think>",
    think_before_calls=None,
)

FORMATS = (
    _CHATGLM4,
    _GLM4,
    _GLM4_5,
    _GLM4_7,
    replace(_GLM4_7, name="glm5_1", families="GLM-5.1", agent_template="glm5_1"),
)
