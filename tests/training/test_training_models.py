"""The tiny decoder and models of transformers, each against an independent account of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from builders import counting_samples
from transformers import AutoModelForCausalLM, Gemma2Config, GPT2Config, LlamaConfig

from agentdata.errors import AgentDataError
from agentdata.training.data import TrainSequence
from agentdata.training.hugging_face import CausalModel, load_model
from agentdata.training.model import TinyConfig, TinyDecoder, rope, rotate
from agentdata.training.options import LossNorm
from agentdata.training.step import Engine, step_loss
from agentdata.training.world import World

ALONE = World(0, 1, torch.device("cpu"))
SIZES = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 128,
}
CONFIGS = {
    "llama": LlamaConfig(**SIZES),
    "llama-tied": LlamaConfig(**SIZES, tie_word_embeddings=True),
    "gemma2": Gemma2Config(**SIZES, head_dim=16, final_logit_softcapping=0.5),
    "gpt2": GPT2Config(
        vocab_size=64, n_embd=32, n_layer=2, n_head=2, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0
    ),
}


def saved(directory: Path, name: str) -> str:
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(CONFIGS[name]).save_pretrained(directory)
    return str(directory)


def binary_sequences(rows: int) -> list[TrainSequence]:
    return [
        TrainSequence(np.array(ids, np.int32), (np.array(weights) > 0).astype(np.float32))
        for ids, weights in counting_samples(rows)
    ]


# The tiny decoder


def test_no_token_sees_a_later_one() -> None:
    torch.manual_seed(0)
    model = TinyDecoder(TinyConfig(64, width=16, layers=2, heads=2, feed_forward=24))
    ids = torch.arange(10).unsqueeze(0)
    changed = ids.clone()
    changed[0, 6:] += 20
    before, after = model.hidden(ids, None), model.hidden(changed, None)
    torch.testing.assert_close(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


def test_rotary_products_depend_on_distance_alone() -> None:
    query, key = torch.randn(2, 8).double()
    rotation = rope(30, 8, 10_000.0, torch.device("cpu")).double()
    queries, keys = (rotate(x.expand(30, 8), rotation) for x in (query, key))
    products = queries @ keys.T
    for distance in (0, 1, 7):
        diagonal = products.diagonal(-distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), rtol=1e-5, atol=1e-5)
    assert products[0, 0] == pytest.approx(float(query @ key))


def test_an_untrained_tiny_model_guesses_evenly() -> None:
    torch.manual_seed(0)
    model = TinyDecoder(TinyConfig(1000))
    probabilities = model.head(model.hidden(torch.arange(50).unsqueeze(0), None)).softmax(-1)
    entropy = -(probabilities * probabilities.log()).sum(-1).mean().item()
    assert 0.9 < entropy / np.log(1000) <= 1


def test_a_saved_tiny_model_loads_as_the_same(tmp_path: Path) -> None:
    model = TinyDecoder(TinyConfig(64, width=16, layers=1, heads=2, feed_forward=24))
    model.save(tmp_path)
    again = load_model(str(tmp_path))
    assert isinstance(again, TinyDecoder)
    ids = torch.arange(9).unsqueeze(0)
    assert torch.equal(again.hidden(ids, None), model.hidden(ids, None))


# Models of transformers


@pytest.mark.parametrize("name", CONFIGS)
def test_loss_is_the_models_own_where_weights_are_0_and_1(tmp_path: Path, name: str) -> None:
    model = load_model(saved(tmp_path, name))
    items = binary_sequences(5)
    got = step_loss(Engine(model, ALONE, torch.float32, "tokens", 60), items, backward=True)
    gradients = {name: p.grad for name, p in model.module.named_parameters()}
    model.module.zero_grad()
    count = sum(int(item.weights.sum()) for item in items)
    expected = 0.0
    for item in items:
        ids = torch.from_numpy(item.input_ids.astype(np.int64)).unsqueeze(0)
        labels = torch.where(torch.from_numpy(item.weights) > 0, ids, -100)
        loss = model.module(input_ids=ids, labels=labels, num_items_in_batch=count).loss
        loss.backward()
        expected += loss.item()
    assert got.loss == pytest.approx(expected, rel=1e-5)
    for parameter, tensor in model.module.named_parameters():
        torch.testing.assert_close(gradients[parameter], tensor.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "plain"), [("llama", True), ("llama-tied", True), ("gpt2", True), ("gemma2", False)]
)
def test_models_that_change_their_logits_are_noticed(
    tmp_path: Path, name: str, plain: bool
) -> None:
    model = load_model(saved(tmp_path, name))
    assert isinstance(model, CausalModel)
    assert model.plain_head is plain


@pytest.mark.parametrize("norm", ["tokens", "weights", "sample"])
def test_packed_sequences_attend_as_under_a_block_mask(tmp_path: Path, norm: LossNorm) -> None:
    model = load_model(saved(tmp_path, "llama"))
    items = binary_sequences(4)
    lengths = torch.tensor([len(item.input_ids) for item in items])
    ids = torch.from_numpy(np.concatenate([item.input_ids for item in items]).astype(np.int64))
    owner = torch.repeat_interleave(torch.arange(4), lengths)
    block = (owner[:, None] == owner) & torch.ones(len(ids), len(ids)).tril().bool()
    logits = model.module(
        input_ids=ids[None],
        position_ids=torch.cat([torch.arange(length) for length in lengths])[None],
        attention_mask=torch.where(block, 0.0, torch.finfo(torch.float32).min)[None, None],
    ).logits[0]
    weights = torch.from_numpy(np.concatenate([item.weights for item in items]))
    losses = torch.nn.functional.cross_entropy(logits[:-1], ids[1:], reduction="none") * weights[1:]
    if norm == "sample":
        means = [losses[owner[1:] == n].sum() / weights[owner == n].sum() for n in range(4)]
        expected = torch.stack(means).mean()
    else:
        expected = losses.sum() / weights.sum()
    got = step_loss(Engine(model, ALONE, torch.float32, norm, 50), items, backward=False)
    assert got.loss == pytest.approx(expected.item(), rel=1e-5)


def test_what_is_no_model_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "config.json").write_text('{"model_type": "nothing_of_the_kind"}')
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "config.json").write_text('{"model_type": "agentdata_tiny"}')
    for source in (tmp_path, tmp_path / "half", tmp_path / "absent"):
        with pytest.raises(AgentDataError) as error:
            load_model(str(source))
        assert error.value.code == "bad_model"
        assert str(source) in str(error.value) and "\n" not in str(error.value)
