"""ms-swift: `Template.encode` in training mode, row by row, with the template chatml."""

from __future__ import annotations

import sys
import types
from copy import deepcopy
from importlib.metadata import version

import transformers
from rows import Messages, measure
from swift.template import TEMPLATE_MAPPING

tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[2])
meta = deepcopy(TEMPLATE_MAPPING["chatml"])
# A model's folder is what the processor is usually made from; here there is a tokenizer alone.
tokenizer.model_info = types.SimpleNamespace(
    task_type="causal_lm", max_model_len=None, is_moe_model=False, torch_dtype=None, config=None
)
tokenizer.model_meta = types.SimpleNamespace(is_multimodal=False)
template = meta.template_cls(tokenizer, meta, loss_scale="default")
template.set_mode("train")


def encode(messages: Messages) -> int:
    return len(template.encode({"messages": deepcopy(messages)})["input_ids"])


measure(encode, {name: version(name) for name in ("ms-swift", "transformers")})
