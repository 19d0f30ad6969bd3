"""The template that a run names: a file, the tokenizer's own, or a hand-written one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentdata.errors import UsageError
from agentdata.templates.chat_formats.base import CountTokens
from agentdata.templates.hand_written import HandWritten
from agentdata.templates.jinja import load_jinja, load_tokenizer_template, tokenizer_tokens
from agentdata.templates.render import estimate_tokens, get_template
from agentdata.templates.template import PromptTemplate

FALLBACK = "chatml"
"""What `auto` takes where the tokenizer brings no chat template."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run says of its template: the options of the command line by their names."""

    template: str = "auto"
    agent_template: str = "auto"
    template_arg: Mapping[str, Any] = field(default_factory=dict)
    template_date: str | None = None
    train_injected: bool = False


def choose_template(
    choice: Choice,
    directory: Path | None,
    *,
    bos: str = "",
    special: Sequence[str] = (),
    keep_thinking: bool = True,
    count_tokens: CountTokens = estimate_tokens,
) -> PromptTemplate:
    """The template of a choice. `directory` is the tokenizer's, `special` its special tokens,
    `count_tokens` counts with it.

    Raises UsageError `unknown_template`, `bad_template`, `bad_date`, and `option_without_effect`
    where an option is for templates of the other kind.
    """
    settings: dict[str, Any] = {
        "special": special,
        "date": choice.template_date,
        "options": choice.template_arg,
        "train_injected": choice.train_injected,
    }
    found: PromptTemplate | None = None
    if choice.template == "auto" and directory is not None:
        found = load_tokenizer_template(directory, **settings)
    elif choice.template.endswith((".jinja", ".jinja2")):
        tokens = tokenizer_tokens(directory) if directory is not None else {}
        found = load_jinja(Path(choice.template), tokens=tokens, **settings)
    if found is not None:
        if choice.agent_template != "auto":
            raise UsageError(
                "option_without_effect",
                f"--agent-template {choice.agent_template}: the chat template {found.name} writes "
                "calls in its own way",
                remedy="leave it out, or name a --template of `agentdata templates`",
            )
        return found
    name = FALLBACK if choice.template == "auto" else choice.template
    template = get_template(name, choice.agent_template, bos=bos, count_tokens=count_tokens)
    for option in ("template_arg", "template_date", "train_injected"):
        if getattr(choice, option):
            raise UsageError(
                "option_without_effect",
                f"--{option.replace('_', '-')}: the template {name} is no chat template that takes "
                "it",
                remedy="leave it out, or name a .jinja file as --template",
            )
    return HandWritten(template, keep_thinking)
