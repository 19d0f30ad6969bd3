"""LLaMA-Factory: `get_dataset` for supervised training, with the template chatml."""

from __future__ import annotations

import json

from job import Encoded, Job, measure
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.hparams import DataArguments, ModelArguments
from transformers import AutoTokenizer, Seq2SeqTrainingArguments

# Told as in its data/README.md. Its formatting "openai" would add "detailed thinking off" to every
# system message.
COLUMNS = {
    "formatting": "sharegpt",
    "columns": {"messages": "messages"},
    "tags": {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    },
}


def work(job: Job) -> Encoded:
    tokenizer = AutoTokenizer.from_pretrained(job.tokenizer)
    told = {"rows": {"file_name": str(job.rows), **COLUMNS}}
    (job.scratch / "dataset_info.json").write_text(json.dumps(told), "utf-8")
    data = DataArguments(
        template="chatml", dataset="rows", dataset_dir=str(job.scratch), cutoff_len=1 << 20
    )
    template = get_template_and_fix_tokenizer(tokenizer, data)
    module = get_dataset(
        template,
        ModelArguments(model_name_or_path=str(job.tokenizer), cache_dir=str(job.scratch)),
        data,
        Seq2SeqTrainingArguments(output_dir=str(job.scratch), use_cpu=True, log_level="warning"),
        "sft",
        tokenizer=tokenizer,
    )
    return ((row["input_ids"], row["labels"]) for row in module["train_dataset"])


measure(work, ("llamafactory", "transformers", "tokenizers"), untrained=-100)
