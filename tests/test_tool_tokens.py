"""What tools cost: counted against the tokenizer by hand, and bounded."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from agentdata import tool_tokens
from agentdata.assets import sample_dir, tokenizer_dir
from agentdata.conversation import ToolSpec
from agentdata.pipeline import measure
from agentdata.recipe import make_recipe
from agentdata.shards import manifest
from agentdata.shards.manifest import Tally
from agentdata.stats import sources_report
from agentdata.tokenization import Encoder, load_tokenizer
from agentdata.tool_tokens import ToolTokens


def tool(name: str, text: str = "") -> ToolSpec:
    raw = {"name": name, "description": text, "parameters": {"type": "object", "properties": {}}}
    return ToolSpec(name, text, raw["parameters"], raw)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(load_tokenizer(tokenizer_dir()))


def test_offers_and_tokens_of_the_sample_are_those_of_its_rows() -> None:
    path = sample_dir() / "openai.jsonl"
    recipe = make_recipe({"sources": [str(path)], "tokenizer": "bundled", "template": "chatml"})
    tally = measure(recipe)[0].tally
    backend = Tokenizer.from_file(str(tokenizer_dir() / "tokenizer.json"))
    offers: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    called: set[str] = set()
    for row in map(json.loads, _good_lines(path)):
        for spec in [*row.get("tools", []), *row.get("functions", [])]:
            name = spec.get("function", spec)["name"]
            offers[name] += 1
            tokens[name] += len(backend.encode(json.dumps(spec, ensure_ascii=False)).ids)
        for message in row["messages"]:
            called.update(call["function"]["name"] for call in message.get("tool_calls") or [])
            if message.get("function_call"):
                called.add(message["function_call"]["name"])
    # Rows that are rejected for what they say count in neither.
    assert tally.tools_offered.total() == sum(n * rows for n, rows in tally.tools_per_row.items())
    assert offers.keys() >= tally.tools_offered.keys()
    for name, number in tally.tools_offered.items():
        assert tally.tool_tokens[name] * offers[name] == tokens[name] * number
    report = sources_report(measure(recipe)).total
    assert report.offered.never_called == len(tally.tools_offered.keys() - called)


def _good_lines(path: Path) -> list[str]:
    lines = []
    for line in path.read_text().splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            lines.append(line)
    return lines


def test_a_schema_is_tokenized_once(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    tally = Tally()
    encode = encoder.encode
    monkeypatch.setattr(
        encoder, "encode", lambda prompt: (seen.append(prompt.text), encode(prompt))[1]
    )
    for _ in range(3):  # units of work
        tools = [tool("clock"), tool("clock", "of another day"), tool("map")]
        ToolTokens(encoder).count(tools, tally)
    assert len(seen) == 3
    assert tally.tools_offered == {"clock": 6, "map": 3}


def test_so_many_names_are_told_apart(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_tokens, "MAX_TOOL_NAMES", 2)
    counter, tally = ToolTokens(encoder), Tally()
    for _ in range(2):
        counter.count([tool("a"), tool("b"), tool("c"), tool("d")], tally)
    assert (tally.tools_offered, tally.other_offers) == ({"a": 2, "b": 2}, 4)


def test_of_files_added_up_the_most_expensive_tools_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(manifest, "MAX_TOOL_NAMES", 2)
    total = Tally()
    for name, tokens in (("cheap", 10), ("dear", 900), ("middling", 90)):
        total.add(Tally(tools_offered=Counter({name: 3}), tool_tokens=Counter({name: tokens})))
    assert total.tool_tokens == {"dear": 900, "middling": 90}
    assert (total.tools_offered.total(), total.other_offers) == (6, 3)


def test_letters_of_a_special_token_in_a_schema_reject_nothing() -> None:
    encoder = Encoder(load_tokenizer(tokenizer_dir()), "reject")
    special = encoder.special[0]
    tally = Tally()
    ToolTokens(encoder).count([tool("clock", f"says {special}")], tally)
    assert tally.tool_tokens["clock"] > 0


def test_an_integer_past_64_bits_is_counted(encoder: Encoder) -> None:
    spec = ToolSpec("clock", "", None, {"name": "clock", "maximum": 1 << 70})
    tally = Tally()
    ToolTokens(encoder).count([spec], tally)
    assert tally.tool_tokens["clock"] > 0
