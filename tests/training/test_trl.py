"""TRL's SFTTrainer trains on shards as they are: the same ids and labels, packs taken
apart."""

from __future__ import annotations

import logging
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from datasets import load_dataset
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
from trl import SFTConfig, SFTTrainer

from agentdata import ShardDataset
from agentdata.assets import sample_dir, tokenizer_dir
from agentdata.pipeline import compile_recipe
from agentdata.recipe import make_recipe

IGNORED = -100
LONGEST = 1024
SOURCES = ("openai.jsonl", "sharegpt.json", "hermes.json")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards with a sequence a row."""
    return _compiled(tmp_path_factory.mktemp("rows") / "shards", pack=None)


@pytest.fixture(scope="module", params=["rows", "packs"])
def shards(
    request: pytest.FixtureRequest, rows: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    if request.param == "rows":
        return rows
    return _compiled(tmp_path_factory.mktemp("packs") / "shards", pack=LONGEST)


def _compiled(out: Path, pack: int | None) -> Path:
    recipe = {
        "sources": [str(sample_dir() / name) for name in SOURCES],
        "tokenizer": "bundled",
        "template": "chatml",
        "max_length": LONGEST,
        "pack": pack,
        "workers": 1,
    }
    compile_recipe(make_recipe(recipe), out)
    return out


@pytest.fixture
def trainer(shards: Path, tmp_path: Path) -> SFTTrainer:
    # The library says that packs want flash attention; the loss below shows that they do without.
    logging.getLogger("trl").setLevel(logging.ERROR)
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_dir())
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=LONGEST,
        )
    )
    packed = ShardDataset(shards).packed
    config = SFTConfig(
        output_dir=str(tmp_path / "model"),
        per_device_train_batch_size=2,
        max_steps=4,
        learning_rate=0.03,
        # It would cut rows at 1,024 tokens.
        max_length=None,
        padding_free=packed,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        bf16=False,
        disable_tqdm=True,
    )
    data = load_dataset(str(shards), split="train", cache_dir=str(tmp_path / "cache"))
    return SFTTrainer(model=model, args=config, train_dataset=data, processing_class=tokenizer)


def test_batches_hold_every_sequence_once(rows: Path, trainer: SFTTrainer) -> None:
    seen = [each for batch in trainer.get_train_dataloader() for each in _sequences(batch)]
    expected = [
        (row["input_ids"].tolist(), [IGNORED, *row["labels"][1:].tolist()])
        for row in ShardDataset(rows)
    ]
    assert sorted(seen) == sorted(expected)


def test_the_loss_is_that_of_each_sequence_alone(trainer: SFTTrainer) -> None:
    batch = next(iter(trainer.get_train_dataloader()))
    expected, trained = 0.0, 0
    for ids, labels in _sequences(batch):
        with torch.no_grad():
            logits = trainer.model(torch.tensor([ids])).logits[0]
        target = torch.tensor(labels[1:])
        expected += F.cross_entropy(
            logits[:-1], target, ignore_index=IGNORED, reduction="sum"
        ).item()
        trained += int((target != IGNORED).sum())
    loss = trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(trained))
    assert loss.item() == pytest.approx(expected / trained, rel=1e-4)


def test_it_trains(trainer: SFTTrainer) -> None:
    assert trainer.train().global_step == 4
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses[-1] < losses[0] - 0.2


def _sequences(batch: dict[str, Any]) -> list[tuple[list[int], list[int]]]:
    """Ids and labels of each sequence of a batch, padding away; the first label is no target."""
    if "position_ids" in batch:
        positions = batch["position_ids"][0]
        stops = [*(positions == 0).nonzero().flatten().tolist(), len(positions)]
        spans = [(0, start, stop) for start, stop in pairwise(stops)]
        for _, start, stop in spans:
            assert positions[start:stop].tolist() == list(range(stop - start))
    else:
        lengths = batch["attention_mask"].sum(1).tolist()
        spans = [(row, 0, length) for row, length in enumerate(lengths)]
    return [
        (
            batch["input_ids"][row, start:stop].tolist(),
            [IGNORED, *batch["labels"][row, start + 1 : stop].tolist()],
        )
        for row, start, stop in spans
    ]
