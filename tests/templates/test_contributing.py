"""The examples of CONTRIBUTING.md run as they stand there, and give what they say."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from render_cases import SAMPLE

from agentdata.formats.base import Fit
from agentdata.templates import Template, get_template, parse_calls, render

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def example(word: str) -> SimpleNamespace:
    """The module that the one example with this word is."""
    [code] = [code for code in EXAMPLES if word in code]
    names: dict[str, object] = {"__name__": "example"}
    exec(compile(code, "CONTRIBUTING.md", "exec"), names)
    return SimpleNamespace(**names)


def test_the_raw_format_reads_its_rows() -> None:
    row = {"ask": "1+1?", "reply": "2"}
    module = example("FORMAT =")
    assert module.detect(row) is Fit.MARKED
    conversation = module.FORMAT.read(row)
    assert [message.content for message in conversation.messages] == ["1+1?", "2"]


def test_the_chat_format_marks_turns() -> None:
    [zephyr] = example("FORMATS =").FORMATS
    text = render(SAMPLE, Template(zephyr, get_template("chatml", "hermes").agent_template)).text
    assert text.startswith("<|system|>\nBe brief.\n\n# Tools")
    assert text.endswith("<|user|>\nThanks</s>\n<|assistant|>\nBye.</s>\n")


@pytest.mark.parametrize(
    "words",
    [
        'Be brief.\n\nTools:\n{"name": "clock"',
        'I look.[{"name": "clock", "arguments": {"zone": "Asia/上海"}}, {"name": "clock"',
        "<|im_start|>user\n12:00\n12:01\n<|im_end|>",
    ],
    ids=["tools", "calls", "results"],
)
def test_the_agent_template_writes_tools_calls_and_results(words: str) -> None:
    [json_list] = example("TEMPLATES =").TEMPLATES
    text = render(SAMPLE, Template(get_template("chatml").chat_format, json_list)).text
    assert words in text


def test_the_agent_templates_calls_are_read_back() -> None:
    [json_list] = example("TEMPLATES =").TEMPLATES
    prompt = render(SAMPLE, Template(get_template("chatml").chat_format, json_list))
    said = "".join(segment.text for segment in prompt.segments if segment.message == 2)
    assert parse_calls(said, json_list).tool_calls == SAMPLE.messages[2].tool_calls
