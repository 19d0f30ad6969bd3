"""Greedy decoding, for looking at what a model in training writes."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import torch
from transformers import GenerationConfig

from agentdata.training.hugging_face import CausalModel
from agentdata.training.model import Decoder


@torch.no_grad()
def greedy(
    model: Decoder, prompt: list[int], stops: Set[int], most_tokens: int, device: torch.device
) -> list[int]:
    """The likeliest token after the other, up to and with one of `stops`; at most `most_tokens`,
    and never past the model's positions."""
    if model.max_positions is not None:
        most_tokens = min(most_tokens, model.max_positions - len(prompt))
    if most_tokens <= 0 or not prompt:
        return []
    ids = torch.tensor([prompt], dtype=torch.int64, device=device)
    if isinstance(model, CausalModel):
        return _cached(model.module, ids, stops, most_tokens)
    for _ in range(most_tokens):
        logits = model.head(model.hidden(ids, None)[0, -1:])
        ids = torch.cat((ids, logits.argmax(dim=-1, keepdim=True)), dim=1)
        if int(ids[0, -1]) in stops:
            break
    return [int(token) for token in ids[0, len(prompt) :]]


def _cached(module: Any, ids: torch.Tensor, stops: Set[int], most_tokens: int) -> list[int]:
    """The same by transformers, which keeps what it knows of earlier tokens."""
    greedily = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False,
        max_new_tokens=most_tokens,
        eos_token_id=sorted(stops) or None,
        pad_token_id=0,
    )
    # What the model's own says of sampling and penalties fills whatever is not said here.
    own, module.generation_config = module.generation_config, greedily
    try:
        made = module.generate(ids, attention_mask=torch.ones_like(ids))
    finally:
        module.generation_config = own
    return [int(token) for token in made[0, ids.shape[1] :]]
