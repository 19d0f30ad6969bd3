"""Control tokens in data stay text: every special token of every tokenizer, in every field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from agentdata.errors import RowError
from agentdata.example import rendered
from agentdata.formats import get
from agentdata.house import House, open_house
from agentdata.recipe import make_recipe
from agentdata.templates.chat_formats import CHAT_FORMATS
from agentdata.templates.choose import Choice, choose_template

pytestmark = pytest.mark.parity

TOKENIZERS = (
    "deepseek-v3",
    "deepseek-v4",
    "glm-4.6",
    "gpt-oss",
    "mistral-7b-v0.1-spm-legacy",
    "mistral-7b-v0.3-metaspace",
    "mistral-nemo-tekken",
    "qwen2.5",
    "qwen3",
    "smollm2",
    "yi-6b-spm",
)
FIELDS = (
    "system",
    "user",
    "content",
    "reasoning",
    "call name",
    "argument name",
    "argument",
    "nested argument",
    "result",
    "tool name",
    "tool description",
    "parameter name",
    "parameter description",
    "enum",
)


def row(bad: dict[str, str]) -> dict[str, Any]:
    """A row in which the field that `bad` names holds its text beside ordinary words."""

    def of(field: str, words: str) -> str:
        return words + bad.get(field, "")

    name, parameter = of("call name", "look_up"), of("argument name", "place")
    tool = {
        "type": "function",
        "function": {
            "name": of("tool name", "look_up"),
            "description": of("tool description", "Looks things up."),
            "parameters": {
                "type": "object",
                "properties": {
                    of("parameter name", "place"): {
                        "type": "string",
                        "description": of("parameter description", "where"),
                        "enum": [of("enum", "here"), "there"],
                    }
                },
                "required": [],
            },
        },
    }
    arguments = {parameter: of("argument", "here"), "more": [{"x": of("nested argument", "y")}]}
    return {
        "tools": [tool],
        "messages": [
            {"role": "system", "content": of("system", "Be brief.")},
            {"role": "user", "content": of("user", "Where is it?")},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": "call00001",
                        "type": "function",
                        "function": {"name": name, "arguments": json.dumps(arguments)},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call00001", "content": of("result", "in the cellar")},
            {
                "role": "assistant",
                "content": of("content", "In the cellar."),
                "reasoning_content": of("reasoning", "The tool says so."),
            },
        ],
    }


def controls(house: House, bad: dict[str, str], special: frozenset[int]) -> list[list[int]]:
    """The control tokens of a row, in order. Raises RowError where the template refuses it."""
    rows = rendered(get("openai").read(row(bad)), house)
    encoded = house.encoder.encode_batch([one.prompt for one in rows])
    return [[n for n in tokens.ids.tolist() if n in special] for tokens in encoded]


def houses(folder: Path) -> Iterator[House]:
    """The tokenizer with its own template, and with all of ours whose marks it knows."""
    values = {"sources": ["-"], "tokenizer": str(folder), "template": "modelscope_agent"}
    house = open_house(make_recipe(values))
    special = house.encoder.tokenizer.special_tokens
    for name in ("auto", *CHAT_FORMATS):
        bos = house.encoder.tokenizer.bos
        template = choose_template(Choice(name), folder, bos=bos, special=special)
        if set(template.control_tokens) <= set(house.encoder.special):
            yield replace(house, template=template)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_no_special_token_in_any_field_becomes_one(shared: Path, name: str) -> None:
    folder = shared / "tokenizers" / name
    known = Tokenizer.from_file(str(folder / "tokenizer.json")).get_added_tokens_decoder()
    special = {number: token.content for number, token in known.items() if token.special}
    everything = " ".join(["", *special.values(), *(f"a{text}b" for text in special.values())])
    assert special
    tried = 0
    for house in houses(folder):
        for field in FIELDS:
            try:
                clean = controls(house, {field: " nothing"}, frozenset(special))
                found = controls(house, {field: everything}, frozenset(special))
            except RowError:
                continue  # a template may refuse a name, and none is written then
            assert found == clean, f"{house.template.name}: {field}"
            tried += 1
    assert tried > len(FIELDS) // 2


def test_every_tokenizer_is_tried(shared: Path) -> None:
    folders = {path.parent.name for path in shared.glob("tokenizers/*/tokenizer.json")}
    assert folders == set(TOKENIZERS)
