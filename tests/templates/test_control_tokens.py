"""Special tokens of templates with real tokenizers: the template's own are tokens, data's are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentdata.conversation import Conversation, Message, ToolCall
from agentdata.templates import get_template, render
from agentdata.tokenization import Encoder, load_tokenizer

pytestmark = pytest.mark.parity

# (chat format, tokenizer, how often each special token stands in the text below)
CASES = [
    ("qwen3", "qwen3", {"<|im_start|>": 4, "<|im_end|>": 4}),
    ("glm4_5", "glm-4.6", {"<|observation|>": 1, "<|user|>": 2, "<|assistant|>": 2}),
    ("chatglm4", "glm-4.6", {"<|observation|>": 1, "<|user|>": 2, "<|assistant|>": 2}),
    ("deepseek_v3_1", "deepseek-v3", {"<｜end▁of▁sentence｜>": 2, "<｜begin▁of▁sentence｜>": 1}),
    ("deepseek_v4", "deepseek-v4", {"<｜end▁of▁sentence｜>": 2, "<｜begin▁of▁sentence｜>": 1}),
]


@pytest.mark.parametrize(("name", "tokenizer", "expected"), CASES, ids=[c[0] for c in CASES])
def test_letters_of_special_tokens_in_data_are_text(
    shared: Path, name: str, tokenizer: str, expected: dict[str, int]
) -> None:
    encoder = Encoder(load_tokenizer(str(shared / "tokenizers" / tokenizer)))
    letters = "".join(expected)
    messages = (
        Message("user", letters),
        Message("assistant", letters, tool_calls=(ToolCall("f", {letters: letters}),)),
        Message("tool", letters),
        Message("assistant", letters),
    )
    prompt = render(Conversation("id", messages), get_template(name))
    ids = encoder.encode(prompt).ids.tolist()
    token_id = encoder.tokenizer.backend.token_to_id
    assert {token: ids.count(token_id(token)) for token in expected} == expected


@pytest.mark.parametrize(("name", "tokenizer"), [case[:2] for case in CASES])
def test_control_tokens_are_special_tokens_of_the_tokenizer(
    shared: Path, name: str, tokenizer: str
) -> None:
    encoder = Encoder(load_tokenizer(str(shared / "tokenizers" / tokenizer)))
    assert set(get_template(name).chat_format.control_tokens) <= set(encoder.special)
