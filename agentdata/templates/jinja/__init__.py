"""Any chat template of Hugging Face, unmodified, to prompts in typed pieces."""

from agentdata.templates.jinja.load import (
    DEFAULT_DATE,
    load_jinja,
    load_tokenizer_template,
    tokenizer_templates,
    tokenizer_tokens,
)
from agentdata.templates.jinja.template import NO_END_OF_TURN, REASONING_DROPPED, JinjaTemplate

__all__ = [
    "DEFAULT_DATE",
    "NO_END_OF_TURN",
    "REASONING_DROPPED",
    "JinjaTemplate",
    "load_jinja",
    "load_tokenizer_template",
    "tokenizer_templates",
    "tokenizer_tokens",
]
