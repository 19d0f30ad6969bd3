"""Seed-OSS: the system prompt names a budget that holds the longest thinking, in real tokens."""

from __future__ import annotations

import pickle
from pathlib import Path

import orjson
import pytest

from agentdata.assets import tokenizer_dir
from agentdata.conversation import Conversation, Message
from agentdata.house import open_house
from agentdata.recipe import Recipe


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    """The bundled tokenizer with Seed-OSS's special tokens."""
    document = orjson.loads((tokenizer_dir() / "tokenizer.json").read_bytes())
    number = max(document["model"]["vocab"].values(), default=0)
    number = max([number, *(token["id"] for token in document["added_tokens"])])
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    for content in ("<seed:bos>", "<seed:eos>"):
        number += 1
        token = {"id": number, "content": content, "special": True, **flags}
        document["added_tokens"].append(token)
    path = tmp_path / "tokenizer.json"
    path.write_bytes(orjson.dumps(document))
    return path


# Each digit is a token: four tokens in the four bytes that are about one elsewhere.
@pytest.mark.parametrize(("thinking", "budget"), [("7" * 400, 512), ("7" * 900, 1024), ("", 0)])
def test_the_budget_is_counted_with_the_tokenizer(
    tokenizer: Path, thinking: str, budget: int
) -> None:
    recipe = Recipe(sources=["x"], tokenizer=str(tokenizer), template="seed_oss")
    template = pickle.loads(pickle.dumps(open_house(recipe).template))
    said = Message("assistant", "a", reasoning=thinking or None)
    text = template.render(Conversation("id", (Message("user", "q"), said))).text
    assert f"your thinking budget is {budget}" in text or f"which is {budget}." in text
