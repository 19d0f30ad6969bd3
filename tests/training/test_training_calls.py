"""Generated turns: greedy decoding, scored against the trained runs of the validation rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from builders import build, counting_rows
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, LlamaConfig

import agentdata
from agentdata.errors import AgentDataError
from agentdata.recipe import Recipe
from agentdata.shards.reader import ShardDataset
from agentdata.training import setup
from agentdata.training.calls import CallCheck, call_check
from agentdata.training.generate import greedy
from agentdata.training.hugging_face import CausalModel
from agentdata.training.loop import train
from agentdata.training.model import TinyConfig, TinyDecoder
from agentdata.training.options import TrainOptions
from agentdata.training.report import read_metrics
from agentdata.training.step import Engine
from agentdata.training.world import World

CPU = torch.device("cpu")
WORLD = World(0, 1, CPU)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        setup,
        "TinyConfig",
        lambda vocab: TinyConfig(vocab, width=32, layers=2, heads=2, feed_forward=48),
    )


CHAT_TEMPLATE = """{% if tools %}<|im_start|>system
{{ tools | tojson }}<|im_end|>
{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content or '' }}{% for c in m.tool_calls or [] %}<tool_call>
{{ {"name": c.function.name, "arguments": c.function.arguments} | tojson }}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


@pytest.fixture(scope="module", params=["chatml", "jinja"])
def shards(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Rows with a turn of calls and a reply each; a part of them is the validation split."""
    folder = tmp_path_factory.mktemp("calls")
    rows = []
    for number in range(24):
        arguments = json.dumps({"zone": f"Z{number}"})
        calls = [{"function": {"name": "clock", "arguments": arguments}}]
        messages = [
            {"role": "user", "content": f"Time in Z{number}?"},
            {"role": "assistant", "content": "", "tool_calls": calls},
            {"role": "tool", "content": "noon"},
            {"role": "assistant", "content": "Noon."},
        ]
        rows.append({"id": f"row-{number}", "messages": messages})
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "chat.jinja").write_text(CHAT_TEMPLATE)
    recipe = Recipe(
        sources=[str(folder / "rows.jsonl")],
        tokenizer="bundled",
        template="chatml" if request.param == "chatml" else str(folder / "chat.jinja"),
        agent_template="hermes" if request.param == "chatml" else "auto",
        split={"validation": 0.25},
    )
    agentdata.compile(recipe, folder / "shards")
    return folder / "shards"


class Recalls:
    """A decoder that knows whole texts by heart: it goes on with the one that begins alike."""

    max_positions: int | None = None

    def __init__(self, texts: list[list[int]], vocab_size: int, otherwise: int) -> None:
        self.texts, self.vocab_size, self.otherwise = texts, vocab_size, otherwise
        self.module = nn.Identity()

    def hidden(self, input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
        ids = input_ids[0].tolist()
        following = (text[len(ids)] for text in self.texts if text[: len(ids)] == ids != text)
        states = torch.zeros(1, len(ids), self.vocab_size)
        states[0, -1, next(following, self.otherwise)] = 1
        return states

    def head(self, hidden: Tensor) -> Tensor:
        return hidden

    def save(self, directory: Path) -> None:
        raise NotImplementedError


def check_of(shards: Path, turns: int = 4, **share: int) -> CallCheck:
    data = ShardDataset(shards, "validation")
    return call_check(data, turns, **{"rank": 0, "size": 1, **share}, max_length=None)


def engine(texts: list[list[int]], shards: Path) -> Engine:
    model = Recalls(texts, ShardDataset(shards, "validation").manifest.vocab_size, otherwise=7)
    return Engine(model, WORLD, torch.float32, "tokens", 4096)


def texts_of(check: CallCheck) -> Iterator[list[int]]:
    return (turn.prompt + turn.reference for turn in check.turns)


def test_a_model_that_knows_the_turns_scores_1(shards: Path) -> None:
    check = check_of(shards)
    figures = check.figures(engine(list(texts_of(check)), shards))
    for name in ("turn", "call", "argument_f1", "call_recall", "irrelevance", "rouge_l", "format"):
        assert figures[name] == 1, name
    assert "schema_valid" not in figures and "hallucinated" not in figures


def test_a_model_that_answers_for_another_row_has_the_name_right_alone(shards: Path) -> None:
    check = check_of(shards)
    first, other = (turn for turn in check.turns if check.expected(turn).calls)
    wrong = [first.prompt + other.reference, other.prompt + first.reference]
    figures = replace(check, turns=[first, other]).figures(engine(wrong, shards))
    assert (figures["name"], figures["argument_names"], figures["call"]) == (1, 1, 0)
    assert figures["argument_f1"] == 0.5


def test_a_model_that_knows_nothing_ends_and_scores_0(shards: Path) -> None:
    figures = check_of(shards).figures(engine([], shards))
    assert (figures["call"], figures["call_recall"], figures["rouge_l"]) == (0, 0, 0)


def test_turns_are_shared_out_among_processes(shards: Path) -> None:
    whole = check_of(shards, 5).turns
    parts = [check_of(shards, 5, rank=rank, size=2).turns for rank in (0, 1)]
    assert [len(part) for part in parts] == [3, 2]
    assert sorted(map(str, [*parts[0], *parts[1]])) == sorted(map(str, whole))


@pytest.mark.parametrize("stop", [None, 2])
def test_greedy_of_transformers_is_that_of_the_plain_loop(stop: int | None) -> None:
    torch.manual_seed(3)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "vocab_size": 32}
    config = LlamaConfig(**sizes, num_attention_heads=2, max_position_embeddings=20)
    model = CausalModel(AutoModelForCausalLM.from_config(config).eval(), "made here")
    prompt, made = [5, 9, 11], []
    with torch.no_grad():
        while len(prompt) + len(made) < 20:
            ids = torch.tensor([prompt + made])
            made.append(int(model.head(model.hidden(ids, None)[0, -1:]).argmax()))
    stops = {made[stop]} if stop is not None else set()
    expected = made[: made.index(made[stop]) + 1] if stop is not None else made
    assert greedy(model, prompt, stops, 100, CPU) == expected


def test_greedy_of_the_tiny_model_takes_the_likeliest() -> None:
    torch.manual_seed(3)
    model = TinyDecoder(TinyConfig(16, width=8, layers=1, heads=2, feed_forward=8))
    made = greedy(model, [1, 2], set(), 5, CPU)
    assert len(made) == 5
    for at, token in enumerate(made):
        logits = model.head(model.hidden(torch.tensor([[1, 2, *made[:at]]]), None)[0, -1:])
        assert token == int(logits.argmax())
    assert greedy(model, [1, 2], {made[0]}, 5, CPU) == made[:1]


def test_a_run_reports_the_figures_and_trains_the_same(shards: Path, tmp_path: Path) -> None:
    def options(name: str, **more: Any) -> TrainOptions:
        sizes = {"steps": 4, "eval_every": 2, "batch_tokens": 256, "micro_batch_tokens": 256}
        return TrainOptions(shards, out=tmp_path / name, device="cpu", **sizes | more)

    result = train(options("with", eval_calls=2))
    lines = [line for line in read_metrics(result.out) if "eval_calls" in line]
    assert [line["step"] for line in lines] == [0, 2, 4]
    assert result.eval_calls == lines[-1]["eval_calls"]
    assert {"format", "call", "argument_f1"} <= lines[-1]["eval_calls"].keys()
    report = json.loads((result.out / "report.json").read_bytes())
    assert report["result"]["eval_calls"] == result.eval_calls
    plain = train(options("without"))
    assert plain.eval_calls is None
    a, b = (load_file(out / "model/model.safetensors") for out in (result.out, plain.out))
    assert all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(
    ("recipe", "code"),
    [({}, "no_tokenizer"), ({"tokenizer": "bundled"}, "other_tokenizer")],
)
def test_shards_whose_text_is_not_known_are_refused(
    tmp_path: Path, recipe: dict[str, Any], code: str
) -> None:
    rows = counting_rows(6)
    directory = build(tmp_path / "data", {"train": rows[:3], "validation": rows[3:]})
    data = ShardDataset(directory, "validation")
    data.manifest.recipe.update(recipe)
    with pytest.raises(AgentDataError) as error:
        call_check(data, 1, rank=0, size=1, max_length=None)
    assert error.value.code == code


def test_rows_without_a_trained_turn_are_refused(shards: Path) -> None:
    data = ShardDataset(shards, "validation")
    with pytest.raises(AgentDataError) as error:
        call_check(data, 1, rank=0, size=1, max_length=int(np.min(data.lengths)) - 1)
    assert error.value.code == "nothing_to_generate"
