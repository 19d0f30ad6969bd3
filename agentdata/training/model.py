"""The tiny decoder: RMSNorm, rotary positions, SwiGLU, tied embeddings."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from agentdata.errors import AgentDataError

MODEL_TYPE = "agentdata_tiny"


class Decoder(Protocol):
    """What the trainer asks of a model; `head(hidden(ids, mask))` are the logits."""

    module: nn.Module
    vocab_size: int
    """Rows of the token embedding: ids are below it."""
    max_positions: int | None
    """Tokens of the longest sequence the positions allow; None where there is no limit."""

    def hidden(self, input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
        """float[batch, length, width] for int64[batch, length], padded on the right.

        `attention_mask` is bool[batch, length], True on real tokens; None where all are real.
        """
        ...

    def head(self, hidden: Tensor) -> Tensor:
        """float[n, vocabulary] for float[n, width]."""
        ...

    def save(self, directory: Path) -> None:
        """Writes the trained model for later use."""
        ...


@dataclass(frozen=True)
class TinyConfig:
    """Sizes of the tiny decoder: about 3 million parameters beside the embedding."""

    vocab_size: int
    width: int = 256
    layers: int = 4
    heads: int = 4
    feed_forward: int = 704
    rope_base: float = 10_000.0


class TinyDecoder:
    """The tiny decoder as a `Decoder`; parameters come from torch's global generator."""

    max_positions: int | None = None

    def __init__(self, config: TinyConfig) -> None:
        self.config = config
        self.vocab_size = config.vocab_size
        self.module: nn.Module = _Stack(config)

    def hidden(self, input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
        # Padding stands on the right, where a causal model never looks back to it.
        hidden: Tensor = self.module(input_ids)
        return hidden

    def head(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.module.get_parameter("embedding.weight"))

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        config = {"model_type": MODEL_TYPE, **asdict(self.config)}
        (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        save_file(self.module.state_dict(), directory / "model.safetensors")

    @staticmethod
    def load(directory: Path) -> TinyDecoder:
        """The model that `save` wrote. Raises AgentDataError `bad_model`."""
        try:
            config = json.loads((directory / "config.json").read_text())
            config.pop("model_type")
            model = TinyDecoder(TinyConfig(**config))
            model.module.load_state_dict(load_file(directory / "model.safetensors"))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise AgentDataError("bad_model", f"{directory} is no tiny model: {error}") from None
        return model


class _Stack(nn.Module):
    def __init__(self, config: TinyConfig) -> None:
        super().__init__()
        self.rope_base = config.rope_base
        self.head_width = config.width // config.heads
        self.embedding = nn.Embedding(config.vocab_size, config.width)
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.width, eps=1e-5)
        self.apply(_initialise)
        # GPT-2: what adds to the residual stream starts smaller, by the number of additions.
        for name, parameter in self.named_parameters():
            if name.endswith(("out.weight", "down.weight")):
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * config.layers))

    def forward(self, input_ids: Tensor) -> Tensor:
        hidden: Tensor = self.embedding(input_ids)
        rotation = rope(input_ids.shape[1], self.head_width, self.rope_base, hidden.device)
        for block in self.blocks:
            hidden = block(hidden, rotation)
        normed: Tensor = self.norm(hidden)
        return normed


class _Block(nn.Module):
    def __init__(self, config: TinyConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.attention_norm = nn.RMSNorm(config.width, eps=1e-5)
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.out = nn.Linear(config.width, config.width, bias=False)
        self.feed_norm = nn.RMSNorm(config.width, eps=1e-5)
        self.gate_up = nn.Linear(config.width, 2 * config.feed_forward, bias=False)
        self.down = nn.Linear(config.feed_forward, config.width, bias=False)

    def forward(self, hidden: Tensor, rotation: Tensor) -> Tensor:
        batch, length, width = hidden.shape
        qkv = self.qkv(self.attention_norm(hidden)).view(batch, length, 3, self.heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        query, key = rotate(query, rotation), rotate(key, rotation)
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        hidden = hidden + self.out(attended.transpose(1, 2).reshape(batch, length, width))
        gate, up = self.gate_up(self.feed_norm(hidden)).chunk(2, dim=-1)
        result: Tensor = hidden + self.down(F.silu(gate) * up)
        return result


def rope(length: int, width: int, base: float, device: torch.device) -> Tensor:
    """float32[2, length, width / 2]: cosine and sine of position * base^(-2i / width).

    Su et al. 2021 (RoFormer), equation 15.
    """
    index = torch.arange(0, width, 2, device=device, dtype=torch.float32)
    positions = torch.arange(length, device=device, dtype=torch.float32)
    angles = torch.outer(positions, base ** (-index / width))
    return torch.stack((angles.cos(), angles.sin()))


def rotate(states: Tensor, rotation: Tensor) -> Tensor:
    """`states` float[..., length, width], its pairs (i, i + width / 2) turned by `rope`."""
    cosine, sine = rotation.to(states.dtype)
    first, second = states.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=0.02)
