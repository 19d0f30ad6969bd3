"""Where we differ from ms-swift on purpose: what each difference looks like. See docs/parity.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from agentdata import formats
from agentdata.loss_scale import parse_loss_scale, weigh
from agentdata.loss_scale.spec import Strategy
from agentdata.templates import Prompt, get_template, render

DOCUMENT = Path(__file__).parents[2] / "docs" / "parity.md"
TOOL = {"name": "clock", "description": "The time.", "parameters": {"type": "object"}}
USER = {"role": "user", "content": "Time?"}
CALL = {"role": "tool_call", "content": '{"name": "clock", "arguments": {}}'}
RESULT = {"role": "tool_response", "content": "12:00"}
DONE = {"role": "assistant", "content": "Noon."}


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def calls(*ids: str) -> list[dict[str, Any]]:
    return [
        {"id": id, "type": "function", "function": {"name": f"tool_{id}", "arguments": "{}"}}
        for id in ids
    ]


def result(id: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": f"from {id}"}


def rendered(template: str, spec: str, messages: list[dict[str, Any]]) -> tuple[Prompt, set[str]]:
    """The prompt, and the texts of segments that carry weight."""
    conversation = formats.get("swift").read({"messages": messages, "tools": [TOOL]})
    loss_scale = parse_loss_scale(spec)
    keep = loss_scale.strategy is not Strategy.LAST_ROUND
    prompt = render(conversation, get_template(template), keep_thinking=keep)
    weights = weigh(prompt, conversation, loss_scale)
    ends = weights.ends.tolist()
    trained, position = set(), 0
    for segment in prompt.segments:
        position += len(segment.text)
        run = next(index for index, end in enumerate(ends) if end >= position)
        if weights.values[run]:
            trained.add(segment.text)
    return prompt, trained


EMPTY_K3 = "<|open|>think<|sep|><|close|>think<|sep|><|open|>response<|sep|>"
TEXTS = [
    ("layout_by_loss_scale", "glm4_5", "default", [USER, CALL, RESULT, DONE],
     "<|assistant|><think></think>\n<tool_call>clock", "<|assistant|>\n<think></think>\n<tool_call>"),
    ("layout_by_loss_scale", "glm4_5", "hermes", [USER, CALL, RESULT, DONE],
     "<|assistant|><think></think>\n<tool_call>clock", "<|assistant|>\n<think></think>\n<tool_call>"),
    ("think_in_history", "deepseek_v4", "last_round", [USER, said("Hm."), USER, DONE],
     "<｜Assistant｜></think>Hm.", "<｜Assistant｜>Hm."),
    ("think_in_history", "kimi_k3", "last_round", [USER, said("Hm."), USER, DONE],
     f"{EMPTY_K3}Hm.", 'role="assistant"<|sep|>Hm.'),
    ("result_names", "gemma4", "default", [USER, said("", tool_calls=calls("a")), result("a"), DONE],
     "response:tool_a{", "response:unknown{"),
    ("tools_where_the_model_begins", "llama3", "default", [said("Hello."), USER, DONE],
     "user<|end_header_id|>\n\nGiven the following functions", "user<|end_header_id|>\n\n<|eot_id|>"),
    ("typed_parts", "qwen3", "default",
     [USER, said([{"type": "tool_use", "id": "a", "name": "clock", "input": {}}]), result("a"), DONE],
     '<tool_call>\n{"name": "clock", "arguments": {}}\n</tool_call>', "<tool_use>"),
    ("typed_parts", "qwen3", "default", [USER, said("Noon.", reasoning_content="a clock")],
     "<think>\na clock\n</think>\n\nNoon.", "<think>\n\n</think>"),
    ("react_over_two_messages", "kimi_k3", "default",
     [USER, said("I look."), said("Action: clock\nAction Input: {}"), RESULT, DONE],
     "<|end_of_msg|><|open|>message role=\"tool\"", "Observation:12:00"),
    ("history_of_two_messages", "youtu_llm", "last_round",
     [USER, said("<think>\nhm\n</think>\n\nOne."), said("Two."), USER, DONE],
     "<|Assistant|>One.Two.", "hm"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "template", "spec", "messages", "ours", "theirs"),
    TEXTS,
    ids=[f"{row[0]}-{row[1]}-{row[2]}" for row in TEXTS],
)
def test_texts(
    name: str, template: str, spec: str, messages: list[dict[str, Any]], ours: str, theirs: str
) -> None:
    text = rendered(template, spec, messages)[0].text
    assert ours in text
    assert theirs not in text


@pytest.mark.parametrize("template", ["chatglm4", "glm4", "glm4_5", "glm4_7", "glm5_1"])
def test_user_after_calls(template: str) -> None:
    prompt, trained = rendered(template, "default", [USER, CALL, USER, DONE])
    assert "<|observation|><|user|>" in prompt.text
    assert "<|observation|>" in trained
    before = [s for s in prompt.segments if s.text.startswith("<|user|>")]
    assert [segment.trainable for segment in before] == [False, False, True]


def test_open_turn_after_two_thoughts() -> None:
    thoughts = said("<think>a</think>b<think>c</think>d")
    prompt, _ = rendered("seed_oss", "default", [USER, thoughts, USER])
    assert prompt.text.endswith("assistant\n<seed:think><seed:cot_budget_reflect>")


def test_each_is_written_down() -> None:
    named = re.findall(r"^\| `(\w+)` ", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) == {row[0] for row in TEXTS} | {
        "user_after_calls",
        "open_turn_after_two_thoughts",
    }
