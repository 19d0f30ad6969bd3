"""The loss of a step, against plain torch over the whole step at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from builders import Sample, counting_samples, packed_row, row
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from agentdata.training.data import TrainSequence, sequences
from agentdata.training.loss import weighted_cross_entropy
from agentdata.training.model import TinyConfig, TinyDecoder
from agentdata.training.options import LossNorm
from agentdata.training.step import Engine, StepLoss, step_loss
from agentdata.training.world import World

ALONE = World(0, 1, torch.device("cpu"))
NORMS: list[LossNorm] = ["tokens", "weights", "sample"]


def tiny() -> TinyDecoder:
    torch.manual_seed(0)
    model = TinyDecoder(TinyConfig(64, width=16, layers=2, heads=2, feed_forward=24))
    model.module.double()
    return model


def train_sequences(samples: Sequence[Sample]) -> list[TrainSequence]:
    return [
        TrainSequence(array["input_ids"], array["loss_weights"])
        for sample in samples
        for array in [as_row(row("r", sample))]
    ]


def as_row(raw: dict[str, object]) -> dict[str, np.ndarray]:
    floats = {"loss_weights"}
    return {
        name: np.array(value, np.float32 if name in floats else np.int32)
        for name, value in raw.items()
        if isinstance(value, list) and name != "ids"
    }


def run(
    model: TinyDecoder, items: list[TrainSequence], norm: LossNorm = "tokens", micro: int = 10_000
) -> tuple[StepLoss, list[Tensor]]:
    model.module.zero_grad()
    figures = step_loss(Engine(model, ALONE, torch.float32, norm, micro), items, backward=True)
    return figures, [p.grad for p in model.module.parameters() if p.grad is not None]


def cross_entropies(model: TinyDecoder, sample: Sample) -> Tensor:
    """float64[n - 1]: of each token but the first, from whole logits of one sequence."""
    ids = torch.tensor([sample[0]])
    logits = model.head(model.hidden(ids, None))
    return F.cross_entropy(logits[0, :-1], ids[0, 1:], reduction="none")


def test_weights_0_and_1_are_cross_entropy_with_ignored_labels() -> None:
    model = tiny()
    ids = [[5, 6, 7, 8, 9, 10], [11, 12, 13, 14], [1, 2, 3]]
    masks = [[0, 0, 1, 1, 0, 1], [0, 1, 1, 1], [0, 0, 1]]
    figures, gradients = run(model, train_sequences(list(zip(ids, masks, strict=True))))
    model.module.zero_grad()
    padded = torch.zeros(3, 6, dtype=torch.long)
    labels = torch.full((3, 6), -100)
    for number, (tokens, mask) in enumerate(zip(ids, masks, strict=True)):
        padded[number, : len(tokens)] = torch.tensor(tokens)
        kept = [token if weight else -100 for token, weight in zip(tokens, mask, strict=True)]
        labels[number, : len(tokens)] = torch.tensor(kept)
    logits = model.head(model.hidden(padded, None))
    expected = F.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100
    )
    expected.backward()
    assert figures.loss == pytest.approx(expected.item(), rel=1e-6)
    for got, parameter in zip(gradients, model.module.parameters(), strict=True):
        torch.testing.assert_close(got, parameter.grad, rtol=1e-6, atol=1e-9)


def test_under_weights_a_weight_of_2_is_two_copies_of_the_token() -> None:
    model = tiny()
    samples: list[Sample] = [([5, 6, 7, 8], [0, 1, 2, 1]), ([9, 8, 7], [0, 0, 3])]
    figures, _ = run(model, train_sequences(samples), "weights")
    copies = torch.cat(
        [
            cross_entropies(model, sample).repeat_interleave(torch.tensor(sample[1][1:]))
            for sample in samples
        ]
    )
    assert len(copies) == 7
    assert figures.loss == pytest.approx(copies.mean().item(), rel=1e-6)


@pytest.mark.parametrize(
    ("norm", "denominators"),
    [("tokens", (5, 5)), ("weights", (5.5, 5.5)), ("sample", (3 * 2, 2 * 2))],
)
def test_what_each_norm_divides_by(norm: LossNorm, denominators: tuple[float, float]) -> None:
    model = tiny()
    first: Sample = ([5, 6, 7, 8], [0, 1, 2, 0.5])
    second: Sample = ([9, 8, 7, 6], [0, 0, 1.5, 0.5])
    untrained: Sample = ([1, 2, 3], [0, 0, 0])
    expected = sum(
        (torch.tensor(sample[1][1:]) * cross_entropies(model, sample)).sum().item() / denominator
        for sample, denominator in zip((first, second), denominators, strict=True)
    )
    figures, _ = run(model, train_sequences([first, untrained, second]), norm)
    assert figures.loss == pytest.approx(expected, rel=1e-6)
    assert (figures.tokens, figures.trained_tokens, figures.weight_sum) == (11, 5, 5.5)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 9),
    seed=st.integers(0, 99),
    norm=st.sampled_from(NORMS),
    micro=st.integers(1, 200),
    order=st.randoms(use_true_random=False),
)
def test_any_split_into_micro_batches_gives_the_same_gradients(
    rows: int, seed: int, norm: LossNorm, micro: int, order: object
) -> None:
    model = tiny()
    items = train_sequences(counting_samples(rows, seed=seed))
    whole, expected = run(model, items, norm)
    shuffled = list(items)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    split, gradients = run(model, shuffled, norm, micro)
    assert split.loss == pytest.approx(whole.loss, rel=1e-12)
    torch.testing.assert_close(gradients, expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("norm", NORMS)
def test_packing_changes_neither_loss_nor_gradients(norm: LossNorm) -> None:
    model = tiny()
    samples = counting_samples(7)
    packs = [
        packed_row("a", samples[:4]),
        packed_row("b", samples[4:5]),
        packed_row("c", samples[5:]),
    ]
    unpacked = [item for pack in packs for item in sequences(as_row(pack))]
    whole, expected = run(model, train_sequences(samples), norm)
    got, gradients = run(model, unpacked, norm)
    assert got == whole
    torch.testing.assert_close(gradients, expected, rtol=0, atol=0)


def test_the_first_token_of_a_sequence_counts_for_nothing() -> None:
    rows = packed_row("a", [([1, 2, 3], [9, 1, 1]), ([4, 5], [7, 0]), ([6], [5])])
    items = list(sequences(as_row(rows)))
    assert [item.weights.tolist() for item in items] == [[0, 1, 1], [0, 0], [0]]
    figures, _ = run(tiny(), items, "weights")
    assert (figures.trained_tokens, figures.weight_sum) == (2, 2)


@pytest.mark.parametrize("norm", NORMS)
def test_a_step_without_trained_tokens_has_no_loss_and_no_gradients(norm: LossNorm) -> None:
    items = train_sequences([([1, 2, 3], [0, 0, 0]), ([4], [0])])
    figures, gradients = run(tiny(), items, norm)
    assert figures == StepLoss(None, 4, 0, 0.0)
    assert gradients == []


@settings(max_examples=25, deadline=None)
@given(tokens=st.integers(1, 40), chunk=st.integers(1, 45))
def test_chunks_change_neither_loss_nor_gradients(tokens: int, chunk: int) -> None:
    generator = torch.Generator().manual_seed(tokens)
    weight = torch.randn(50, 8, generator=generator, dtype=torch.float64, requires_grad=True)
    hidden = torch.randn(tokens, 8, generator=generator, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(50, (tokens,), generator=generator)
    factors = torch.rand(tokens, generator=generator, dtype=torch.float64)
    loss = weighted_cross_entropy(
        hidden, lambda h: h @ weight.T, targets, factors, chunk_tokens=chunk
    )
    expected = (F.cross_entropy(hidden @ weight.T, targets, reduction="none") * factors).sum()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(
        torch.autograd.grad(loss, (hidden, weight)), torch.autograd.grad(expected, (hidden, weight))
    )


def test_no_more_logits_exist_at_a_time_than_a_chunk_holds() -> None:
    seen: list[int] = []

    def head(hidden: Tensor) -> Tensor:
        seen.append(len(hidden))
        return hidden @ torch.ones(8, 50)

    hidden = torch.randn(23, 8, requires_grad=True)
    targets, factors = torch.zeros(23, dtype=torch.long), torch.ones(23)
    weighted_cross_entropy(hidden, head, targets, factors, chunk_tokens=10).backward()
    assert seen == [10, 10, 3, 3, 10, 10]


def test_half_precision_logits_are_summed_in_float32() -> None:
    hidden = torch.randn(400, 8).bfloat16()
    targets, factors = torch.zeros(400, dtype=torch.long), torch.full((400,), 1 / 400)
    loss = weighted_cross_entropy(hidden, lambda h: h, targets, factors, chunk_tokens=400)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, F.cross_entropy(hidden.float(), targets))
