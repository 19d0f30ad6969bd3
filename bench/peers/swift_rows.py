"""ms-swift: its rows loaded and encoded by its own preprocessor, with the template chatml."""

from __future__ import annotations

import types
from copy import deepcopy

from job import Encoded, Job, measure
from swift.dataset import EncodePreprocessor, load_dataset
from swift.template import TEMPLATE_MAPPING
from transformers import AutoTokenizer


def make_template(job: Job):  # type: ignore[no-untyped-def]
    tokenizer = AutoTokenizer.from_pretrained(job.tokenizer)
    # A model's folder is what these are usually read from; here there is a tokenizer alone.
    tokenizer.model_info = types.SimpleNamespace(
        task_type="causal_lm", max_model_len=None, is_moe_model=False, torch_dtype=None, config=None
    )
    tokenizer.model_meta = types.SimpleNamespace(is_multimodal=False)
    meta = deepcopy(TEMPLATE_MAPPING["chatml"])
    template = meta.template_cls(tokenizer, meta, loss_scale="default")
    template.set_mode("train")
    return template


def work(job: Job) -> Encoded:
    rows, _ = load_dataset([str(job.rows)], load_from_cache_file=False, strict=True)
    encode = EncodePreprocessor(template=make_template(job))
    done = encode(rows, load_from_cache_file=False, strict=True)
    return ((row["input_ids"], row["labels"]) for row in done)


measure(work, ("ms-swift", "transformers", "tokenizers"), untrained=-100)
