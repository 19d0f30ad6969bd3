"""TRL: the preprocessing of its SFTTrainer, with a template that marks what is trained."""

from __future__ import annotations

import tempfile

from datasets import Dataset, load_dataset
from job import CHATML, Encoded, Job, measure
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
from trl import SFTConfig, SFTTrainer

scratch = tempfile.mkdtemp()


def load_tokenizer(job: Job):  # type: ignore[no-untyped-def]
    tokenizer = AutoTokenizer.from_pretrained(job.tokenizer)
    tokenizer.chat_template = CHATML.read_text("utf-8")
    return tokenizer


def make_trainer(job: Job) -> SFTTrainer:
    """A trainer with the smallest of models: only its preprocessing is used."""
    tokenizer = load_tokenizer(job)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
    )
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    return SFTTrainer(
        model=LlamaForCausalLM(config),
        args=SFTConfig(
            output_dir=scratch, assistant_only_loss=True, max_length=None, use_cpu=True, bf16=False
        ),
        train_dataset=Dataset.from_list([{"messages": turns}]),
        processing_class=tokenizer,
    )


trainer: SFTTrainer | None = None


def work(job: Job) -> Encoded:
    global trainer
    # Made in the first, uncounted round.
    trainer = trainer or make_trainer(job)
    rows = load_dataset("json", data_files=str(job.rows), split="train", cache_dir=job.scratch)
    done = trainer._prepare_dataset(
        rows,
        load_tokenizer(job),
        trainer.args,
        packing=False,
        formatting_func=None,
        dataset_name="train",
    )
    return ((row["input_ids"], row["labels"]) for row in done)


measure(work, ("trl", "transformers", "tokenizers"), untrained=-100)
