"""LLaMA-Factory: its supervised processor, row by row, with the template chatml."""

from __future__ import annotations

import sys
from importlib.metadata import version

import transformers
from llamafactory.data.processor.supervised import SupervisedDatasetProcessor
from llamafactory.data.template import get_template_and_fix_tokenizer
from llamafactory.hparams import DataArguments
from rows import Messages, measure

tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[2])
arguments = DataArguments(template="chatml", cutoff_len=1 << 20)
template = get_template_and_fix_tokenizer(tokenizer, arguments)
processor = SupervisedDatasetProcessor(template, tokenizer, None, arguments)


def encode(messages: Messages) -> int:
    system, *turns = messages
    ids, _ = processor._encode_data_example(
        turns[:-1], turns[-1:], system["content"], None, [], [], []
    )
    return len(ids)


measure(encode, {name: version(name) for name in ("llamafactory", "transformers")})
