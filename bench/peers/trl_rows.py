"""TRL: apply_chat_template with the masks of the assistant, as its SFTTrainer tokenizes rows."""

from __future__ import annotations

import sys

import transformers
import trl
from rows import Messages, measure

# TRL trains on what stands within the generation marks of such a template.
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' }}"
    "{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] + '<|im_end|>' }}"
    "{% endgeneration %}{% else %}{{ m['content'] + '<|im_end|>' }}{% endif %}{{ '\\n' }}"
    "{% endfor %}"
)
tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[2])


def encode(messages: Messages) -> int:
    row = tokenizer.apply_chat_template(
        messages,
        chat_template=CHATML,
        tokenize=True,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    return len(row["input_ids"])


measure(encode, {"trl": trl.__version__, "transformers": transformers.__version__})
