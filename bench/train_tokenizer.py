"""Train the bundled tokenizer on the bundled sample: `python bench/train_tokenizer.py [DIR]`.

A byte-level BPE with the normalizer, the split expression and the control tokens of the Qwen
family, small enough to live in the package. The same sample gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.processors import ByteLevel
from tokenizers.trainers import BpeTrainer

from agentdata import formats
from agentdata.assets import sample_dir, tokenizer_dir
from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.json_text import dumps
from agentdata.sources import BadRow, expand, plan, read_unit

VOCAB_SIZE = 4096
TRAINED_ON = ("msagent", "msagent_react", "openai", "sharegpt", "swift")
"""The sample files whose texts it is made of: new ones do not change the ids of the tokenizer."""
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
NOT_SPECIAL = (
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<think>",
    "</think>",
)
# As in Qwen2, so that texts are cut where that family cuts them.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CONFIG = {
    "add_prefix_space": False,
    "bos_token": None,
    "clean_up_tokenization_spaces": False,
    "eos_token": "<|im_end|>",
    "model_max_length": 32768,
    "pad_token": "<|endoftext|>",
    "tokenizer_class": "PreTrainedTokenizerFast",
    "unk_token": None,
}


def main(directory: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = train(list(sample_texts(sample_dir())))
    tokenizer.save(str(directory / "tokenizer.json"), pretty=False)
    (directory / "tokenizer_config.json").write_text(json.dumps(CONFIG, indent=2) + "\n", "utf-8")


def sample_texts(directory: Path) -> Iterator[str]:
    """The texts of the rows that it is trained on, as templates print them."""
    for path in expand([str(directory / f"{name}.*") for name in TRAINED_ON]):
        rows = [row for unit in plan([path]) for row in read_unit(unit)]
        values = [row.value for row in rows if not isinstance(row, BadRow)]
        read = formats.get(formats.detect(values)).read
        for value in values:
            try:
                conversation = read(value)
            except RowError:
                continue
            yield from _texts(conversation)


def train(texts: list[str]) -> Tokenizer:
    """The tokenizer: ids 0 to 255 are the bytes, then the merges, then the added tokens."""
    tokenizer = Tokenizer(BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = ByteLevel(
        add_prefix_space=False, use_regex=False, trim_offsets=False
    )
    trainer = BpeTrainer(
        vocab_size=VOCAB_SIZE - len(SPECIAL) - len(NOT_SPECIAL),
        min_frequency=2,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(text, normalized=False) for text in SPECIAL])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in NOT_SPECIAL])
    return tokenizer


def _texts(conversation: Conversation) -> Iterator[str]:
    # What stands twice in the texts becomes a token of its own, so nothing may stand twice.
    if conversation.native:
        for turn in conversation.native:
            yield f"{turn.role}\n" + "".join(text for _, text in turn.spans)
        return
    for tool in conversation.tools:
        yield dumps(tool.raw)
    for message in conversation.messages:
        yield f"{message.role}\n{message.text}"
        if message.reasoning:
            yield message.reasoning
        for call in message.tool_calls:
            yield "\n" + dumps({"name": call.name, "arguments": call.arguments}) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else tokenizer_dir())
