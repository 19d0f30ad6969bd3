"""`agentdata templates`: the list, and what a template makes of the sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from agentdata.cli import templates as cli
from agentdata.errors import UsageError
from agentdata.templates.agent_templates import AGENT_TEMPLATES
from agentdata.templates.chat_formats import CHAT_FORMATS

MARKS = (
    "{% if tools %}<tools>{{ tools | tojson }}</tools>{% endif %}"
    "{% for m in messages %}<|{{ m.role }}|>{{ m.reasoning_content or '' }}{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<call>{{ c.function.name }} "
    "{{ c.function.arguments | tojson }}</call>{% endfor %}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.command, list(arguments), standalone_mode=False)


def shown(*arguments: str) -> dict[str, Any]:
    result = run("show", *arguments, "--json")
    assert result.exception is None, result.exception
    parsed = json.loads(result.output)
    assert isinstance(parsed, dict)
    return parsed


def test_the_list_names_every_template_with_its_families() -> None:
    lines = run().output.splitlines()
    for chat_format in CHAT_FORMATS.values():
        assert any(chat_format.name in line and chat_format.families in line for line in lines)
    for agent_template in AGENT_TEMPLATES.values():
        assert any(agent_template.summary in line for line in lines)


def test_the_list_as_json() -> None:
    listed = json.loads(run("--json").output)
    assert [row["name"] for row in listed["templates"]] == list(CHAT_FORMATS)
    assert [row["name"] for row in listed["agent_templates"]] == list(AGENT_TEMPLATES)


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        *(((name,), f"{name}+{f.agent_template}") for name, f in CHAT_FORMATS.items()),
        (("qwen3", "--agent-template", "react_en"), "qwen3+react_en"),
        (("react_grpo",), "chatml+react_grpo"),
        (("hunyuan_hermes",), "hunyuan+hunyuan_hermes"),
    ],
    ids=str,
)
def test_spans_cover_the_text_and_tell_what_is_trained(
    arguments: tuple[str, ...], title: str
) -> None:
    sample = shown(*arguments)
    assert sample["template"] == title
    assert "".join(span["text"] for span in sample["spans"]) == sample["text"]
    for span in sample["spans"]:
        assert sample["text"][span["start"] : span["end"]] == span["text"]
    kinds = {span["kind"] for span in sample["spans"] if span["trained"]}
    assert {"content", "tool_call"} <= kinds <= {"reasoning", "content", "tool_call", "end_of_turn"}


def test_a_jinja_file_is_shown_too(tmp_path: Path) -> None:
    path = tmp_path / "own.jinja"
    path.write_text(MARKS)
    sample = shown(str(path))
    assert "<|user|>Thanks!</s><|assistant|>Have a good trip.</s>" in sample["text"]
    trained = [span["text"] for span in sample["spans"] if span["trained"]]
    assert "Have a good trip." in trained
    assert "Thanks!" not in trained


def test_a_jinja_file_that_knows_no_tools_gets_a_sample_without(tmp_path: Path) -> None:
    path = tmp_path / "own.jinja"
    path.write_text("{% for m in messages %}<|{{ m.role }}|>{{ m.content }}</s>{% endfor %}")
    result = run("show", str(path))
    assert "without tools and system prompt: the chat template leaves out" in result.stderr
    assert "content      + 'Have a good trip.'" in result.stdout.splitlines()


def test_without_a_terminal_each_span_is_a_line() -> None:
    lines = run("show", "qwen2_5").output.splitlines()
    assert "user           'Thanks!'" in lines
    assert "content      + 'Have a good trip.'" in lines


def test_in_a_terminal_kinds_have_colours_and_trained_text_is_bold() -> None:
    console = Console(force_terminal=True, color_system="standard", width=80)
    with console.capture() as capture:
        cli.print_coloured(console, *cli.prompt_of("qwen2_5", "auto"))
    text = capture.get()
    assert "\x1b[1;32mHave a good trip." in text
    assert "\x1b[33mThanks!" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nope",), "--template nope"),
        (("qwen3", "--agent-template", "nope"), "--agent-template nope"),
        (("missing.jinja",), "missing.jinja"),
        (("own.jinja", "--agent-template", "hermes"), "writes calls by itself"),
    ],
)
def test_unknown_names_are_told(arguments: tuple[str, ...], words: str) -> None:
    error = run("show", *arguments).exception
    assert isinstance(error, UsageError)
    assert words in str(error)
