"""A recipe made ready to run: what it names is loaded and held against each other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import orjson

from agentdata import __version__
from agentdata.assets import tokenizer_dir
from agentdata.errors import UsageError
from agentdata.loss_scale import LossScale, parse_loss_scale
from agentdata.loss_scale.kinds import CALL_PARTS
from agentdata.loss_scale.spec import Strategy
from agentdata.recipe import Recipe
from agentdata.redaction import patterns
from agentdata.templates import Template, get_template
from agentdata.templates.parse import wire_of
from agentdata.tokenization import Encoder, load_tokenizer


@dataclass(frozen=True, slots=True)
class House:
    """What every row goes through. `keep_thinking` is whether earlier rounds keep theirs."""

    recipe: Recipe
    template: Template
    loss_scale: LossScale
    encoder: Encoder
    keep_thinking: bool

    def fingerprints(self) -> dict[str, str]:
        """sha256 of what decides the bytes, by name."""
        return {
            "tokenizer": self.encoder.tokenizer.fingerprint,
            "template": _digest(self.template.chat_format.name, self.template.agent_template.name),
            "loss_scale": _digest(repr(self.loss_scale)),
            "recipe": _digest(orjson.dumps(self.recipe.content()).decode()),
            "code": _digest(__version__, *_code()),
        }


def open_house(recipe: Recipe) -> House:
    """Load what the recipe names. Raises UsageError, naming the option and a remedy."""
    patterns(tuple(recipe.redact))
    name = str(tokenizer_dir()) if recipe.tokenizer == "bundled" else recipe.tokenizer
    tokenizer = load_tokenizer(name)
    encoder = Encoder(tokenizer, recipe.special_tokens_in_text)
    chat_format = "chatml" if recipe.template == "auto" else recipe.template
    template = get_template(chat_format, recipe.agent_template, bos=tokenizer.bos)
    for token in template.chat_format.control_tokens:
        if token not in encoder.special:
            raise UsageError(
                "missing_special_token",
                f"--template {chat_format}: the tokenizer has no special token {token}",
                remedy="choose the model's template (`agentdata templates`) or another --tokenizer",
            )
    loss_scale = parse_loss_scale(recipe.loss_scale)
    parts = [kind for kind in recipe.weights if kind in CALL_PARTS]
    if parts and wire_of(template.agent_template) is None:
        raise UsageError(
            "unknown_call_parts",
            f"--weights {parts[0]}: {template.agent_template.name} does not tell where that stands",
            remedy="weigh tool_call, or choose another --agent-template",
        )
    keep = loss_scale.strategy is not Strategy.LAST_ROUND
    return House(recipe, template, loss_scale, encoder, keep)


def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _code() -> list[str]:
    """The source of every module that may have a hand in the bytes, in the order of their names."""
    root = Path(str(resources.files("agentdata")))
    return [
        path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix())
        if path.suffix in (".py", ".json")
        and path.relative_to(root).parts[0]
        not in ("assets", "cli", "evaluation", "stats", "training")
    ]
