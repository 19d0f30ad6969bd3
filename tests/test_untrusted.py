"""Control tokens in data stay text: every special token of every tokenizer, in every field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from agentdata.errors import RowError, UsageError
from agentdata.example import rendered
from agentdata.formats import get
from agentdata.house import House, open_house
from agentdata.recipe import make_recipe
from agentdata.templates.chat_formats import CHAT_FORMATS

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


def controls(house: House, bad: dict[str, str], special: frozenset[int]) -> list[int]:
    """The control tokens of a row, in order. Raises RowError where the template refuses it."""
    one = rendered(get("openai").read(row(bad)), house)
    ids = house.encoder.encode(one.prompt).ids
    return [number for number in ids.tolist() if number in special]


def houses(folder: Path) -> dict[str, House]:
    """By template: the tokenizer's own, and all of ours whose marks the tokenizer knows."""
    opened = {}
    for template in ("auto", *CHAT_FORMATS):
        values = {"sources": ["-"], "tokenizer": str(folder), "template": template}
        try:
            opened[template] = open_house(make_recipe(values))
        except UsageError as error:
            assert error.code == "missing_special_token"
    return opened


@pytest.mark.parametrize("name", TOKENIZERS)
def test_no_special_token_in_any_field_becomes_one(shared: Path, name: str) -> None:
    folder = shared / "tokenizers" / name
    known = Tokenizer.from_file(str(folder / "tokenizer.json")).get_added_tokens_decoder()
    special = {number: token.content for number, token in known.items() if token.special}
    everything = " ".join(["", *special.values(), *(f"a{text}b" for text in special.values())])
    assert special
    tried = 0
    for template, house in houses(folder).items():
        for field in FIELDS:
            try:
                clean = controls(house, {field: " nothing"}, frozenset(special))
                found = controls(house, {field: everything}, frozenset(special))
            except RowError:
                continue  # a template may refuse a name, and none is written then
            assert found == clean, f"{template}: {field}"
            tried += 1
    assert tried > len(FIELDS) // 2


def test_every_tokenizer_is_tried(shared: Path) -> None:
    folders = {path.parent.name for path in shared.glob("tokenizers/*/tokenizer.json")}
    assert folders == set(TOKENIZERS)
