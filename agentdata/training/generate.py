"""Greedy decoding, for looking at what a model in training writes."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import torch

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
    """The same with the keys and values of earlier tokens kept, which transformers knows how to."""
    cache = None
    made: list[int] = []
    following = ids
    for _ in range(most_tokens):
        output = module(input_ids=following, past_key_values=cache, use_cache=True)
        cache = getattr(output, "past_key_values", None)
        token = output.logits[:, -1:].argmax(dim=-1)
        made.append(int(token))
        if made[-1] in stops:
            break
        ids = torch.cat((ids, token), dim=1)
        # A model without such a cache (a recurrent one) is given the whole text again.
        following = token if cache is not None else ids
    return made
