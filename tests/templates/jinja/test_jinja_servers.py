"""Rows of real chat templates behind the prompts that transformers builds for their turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jinja_cases import OWN
from jinja_parity import DATE, templates, theirs

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.templates import get_template
from agentdata.templates.hand_written import HandWritten
from agentdata.templates.jinja import JinjaTemplate, load_jinja
from agentdata.templates.model_turns import model_turns
from agentdata.templates.stability import StableRow, stable_rows

pytestmark = pytest.mark.parity

# Turns by class over the conversations of `OWN` which the template renders; the sum of a row is
# the number of their turns. Kept are the turn with which a conversation begins, and one that
# follows another turn of the model, where a server opens the model's turn in another way.
CLASSES = {
    "tokenizers/qwen2.5": "stable 40, split 0, kept 1",
    "tokenizers/qwen3": "stable 37, split 2, kept 2",
    "tokenizers/glm-4.6": "stable 40, split 1, kept 0",
    "tokenizers/deepseek-v3": "stable 17, split 0, kept 0",
    "tokenizers/deepseek-v4": "stable 41, split 0, kept 0",
    "tokenizers/gpt-oss": "stable 26, split 8, kept 1",
    "tokenizers/mistral-nemo-tekken": "stable 26, split 3, kept 0",
    "tokenizers/mistral-7b-v0.3-metaspace": "stable 29, split 3, kept 0",
    "meta-llama-Llama-3.1-8B-Instruct": "stable 34, split 0, kept 1",
    "google-gemma-2-2b-it": "stable 11, split 0, kept 0",
    "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": "stable 39, split 1, kept 1",
    "trl-qwen3_training": "stable 40, split 0, kept 1",
}


def rows_of(template: JinjaTemplate | HandWritten, row: Conversation) -> list[StableRow]:
    prompt = template.render(row)
    return stable_rows(row, template, prompt, model_turns(prompt.segments), "split")


def rendered(template: JinjaTemplate) -> Iterator[tuple[Conversation, list[StableRow]]]:
    for conversation in OWN.values():
        try:
            yield conversation, rows_of(template, conversation)
        except RowError:
            continue


@pytest.mark.parametrize("name", CLASSES)
def test_rows_begin_with_the_prompts_that_transformers_builds(shared: Path, name: str) -> None:
    source, tokens, special = next(found[1:] for found in templates(shared) if found[0] == name)
    template = load_jinja(source, tokens=tokens, special=special, date=DATE)
    counts = dict.fromkeys(("stable", "split", "kept"), 0)
    for conversation, rows in rendered(template):
        for row in rows:
            for placed in row.turns:
                if placed.prompt_end is None:
                    counts["kept"] += 1
                    continue
                counts["stable" if row.whole else "split"] += 1
                messages = conversation.messages[: placed.turn.first]
                before = replace(conversation, messages=messages)
                thinking = [
                    {},
                    {"enable_thinking": True},
                    {"enable_thinking": False},
                    {"thinking": False},
                ]
                prompts = {
                    theirs(
                        template,
                        replace(before, meta={"chat_template_kwargs": o}),
                        tokens,
                        open_turn=True,
                    )[0]
                    for o in thinking
                }
                assert row.prompt.text[: placed.prompt_end] in prompts
    assert ", ".join(f"{key} {number}" for key, number in counts.items()) == CLASSES[name]


def test_split_rows_of_the_hand_written_format_are_the_models_own_text(shared: Path) -> None:
    source, tokens, special = next(
        found[1:] for found in templates(shared) if found[0] == "tokenizers/qwen3"
    )
    own = load_jinja(source, tokens=tokens, special=special)
    ours = HandWritten(get_template("qwen3"))
    compared = 0
    for conversation, rows in rendered(own):
        if any(message.role == "system" for message in conversation.messages[1:]):
            continue
        served = ours.replay(conversation).text
        theirs = own.render(conversation).text
        # The format pads tool lists and joins turns in ways of its own.
        if served == theirs or served.rstrip() == theirs.rstrip():
            compared += 1
            for mine, official in zip(rows_of(ours, conversation), rows, strict=True):
                assert [p.turn.first for p in mine.turns] == [p.turn.first for p in official.turns]
    assert compared >= 9
