"""Any causal language model that transformers can load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from agentdata.errors import AgentDataError
from agentdata.training.model import MODEL_TYPE, Decoder, TinyDecoder


class CausalModel:
    """A transformers model as a `Decoder`, its parameters in float32.

    Logits over the vocabulary are by far the largest tensor of a step. Where the model's logits
    are its output embedding of its last hidden states and nothing more, the head runs on trained
    tokens only; a model that scales or caps its logits gives them whole, and `head` passes them on.
    """

    def __init__(self, module: Any, source: str) -> None:
        self.module: Any = module
        self.source = source
        self.vocab_size = int(module.get_input_embeddings().weight.shape[0])
        positions = getattr(module.config, "max_position_embeddings", None)
        self.max_positions = positions if isinstance(positions, int) else None
        self.plain_head = _plain_head(module)

    def hidden(self, input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
        model = self.module.base_model if self.plain_head else self.module
        output = model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False)
        hidden: Tensor = output.last_hidden_state if self.plain_head else output.logits
        return hidden

    def head(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self.module.get_output_embeddings()(hidden) if self.plain_head else hidden
        return logits

    def save(self, directory: Path) -> None:
        """Writes the model for `from_pretrained`, and its tokenizer where it has one."""
        self.module.save_pretrained(directory)
        try:
            AutoTokenizer.from_pretrained(self.source).save_pretrained(directory)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # A model without a tokenizer beside it is complete: shards hold ids.
            return


def load_model(source: str) -> Decoder:
    """The model at a local path or id of the hub, on CPU.

    Raises AgentDataError `bad_model` where there is none, or none for causal language modelling.
    """
    # Whoever calls decides what is printed.
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        if Path(source).is_dir() and f'"{MODEL_TYPE}"' in _config_text(Path(source)):
            return TinyDecoder.load(Path(source))
        config = AutoConfig.from_pretrained(source)
        module: Any = AutoModelForCausalLM.from_pretrained(source, config=config)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        lines = str(error).strip().splitlines()
        raise AgentDataError(
            "bad_model",
            f"cannot load {source} as a causal language model: {lines[0] if lines else error!r}",
            remedy="give `tiny`, a directory written by save_pretrained, or a model id",
        ) from None
    return CausalModel(module.float(), source)


def _config_text(directory: Path) -> str:
    path = directory / "config.json"
    return path.read_text() if path.is_file() else ""


def _plain_head(module: Any) -> bool:
    output = module.get_output_embeddings()
    body = module.base_model
    if output is None or body is module:
        return False
    probe = torch.arange(4).unsqueeze(0)
    was_training = module.training
    module.eval()
    with torch.no_grad():
        logits = module(input_ids=probe, use_cache=False).logits
        hidden = getattr(body(input_ids=probe, use_cache=False), "last_hidden_state", None)
        plain = hidden is not None and torch.equal(output(hidden), logits)
    module.train(was_training)
    return bool(plain)
