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
from agentdata.media import Desk, open_desk
from agentdata.recipe import Recipe
from agentdata.redaction import patterns
from agentdata.templates.choose import Choice, choose_template
from agentdata.templates.hand_written import HandWritten
from agentdata.templates.jinja import JinjaTemplate
from agentdata.templates.parse import wire_of
from agentdata.templates.parsing.wire import Wire
from agentdata.templates.template import PromptTemplate
from agentdata.tokenization import Encoder, load_tokenizer
from agentdata.tool_choice import ToolDesk, open_tools

STOP_IS_NO_TOKEN = "stop_is_no_token"
"""What ends the model's turns is not one token of the tokenizer, as servers want it to stop."""


_NO_HAND_IN_BYTES = ("assets", "cli", "evaluation", "show", "stats", "training")


@dataclass(frozen=True, slots=True)
class House:
    """What every row goes through. `tools` serves the tools of rows, None where no option asks for
    it. `warnings` are codes that hold for every row."""

    recipe: Recipe
    template: PromptTemplate
    loss_scale: LossScale
    encoder: Encoder
    desk: Desk
    tools: ToolDesk | None = None
    warnings: tuple[str, ...] = ()

    def fingerprints(self) -> dict[str, str]:
        """sha256 of what decides the bytes, by name."""
        return {
            "tokenizer": self.encoder.tokenizer.fingerprint,
            "template": self.template.fingerprint,
            "loss_scale": _digest(repr(self.loss_scale)),
            "recipe": _digest(orjson.dumps(self.recipe.content()).decode()),
            "code": _digest(__version__, *_code()),
            # The files of a model may say how it sizes images.
            "media": _digest(repr(self.desk.info)),
        }


def open_house(recipe: Recipe) -> House:
    """Load what the recipe names. Raises UsageError, naming the option and a remedy."""
    patterns(tuple(recipe.redact))
    name = str(tokenizer_dir()) if recipe.tokenizer == "bundled" else recipe.tokenizer
    tokenizer = load_tokenizer(name)
    encoder = Encoder(tokenizer, recipe.special_tokens_in_text)
    loss_scale = parse_loss_scale(recipe.loss_scale)
    choice = Choice(
        recipe.template,
        recipe.agent_template,
        recipe.template_arg,
        recipe.template_date,
        recipe.train_injected,
    )
    template = choose_template(
        choice,
        tokenizer.directory,
        bos=tokenizer.bos,
        special=tokenizer.special_tokens,
        keep_thinking=loss_scale.strategy is not Strategy.LAST_ROUND,
        count_tokens=tokenizer.count_tokens,
    )
    for token in template.control_tokens:
        if token not in encoder.special:
            raise UsageError(
                "missing_special_token",
                f"--template {template.name}: the tokenizer has no special token {token}",
                remedy="choose the model's template (`agentdata templates`) or another --tokenizer",
            )
    parts = [kind for kind in recipe.weights if kind in CALL_PARTS]
    if parts and wire_of_template(template) is None:
        raise UsageError(
            "unknown_call_parts",
            f"--weights {parts[0]}: {template.name} does not tell where that stands",
            remedy="weigh tool_call, or choose another --agent-template",
        )
    stop = template.last_stop(calls=False)
    is_token = stop is None or len(encoder.encode_text(stop).ids) == 1
    warnings = () if is_token else (STOP_IS_NO_TOKEN,)
    desk = open_desk(
        encoder,
        template,
        mode=recipe.media,
        family=recipe.media_family,
        root=recipe.media_root,
        tokens=recipe.media_tokens,
        min_pixels=recipe.min_pixels,
        max_pixels=recipe.max_pixels,
        fetch=recipe.fetch_media,
    )
    tools = open_tools(
        template,
        encoder,
        max_tools=recipe.max_tools,
        budget=recipe.tools_budget,
        distractors=recipe.distractors,
        compact=recipe.compact_tools,
        augment=recipe.augment_irrelevant,
        seed=recipe.seed,
    )
    return House(recipe, template, loss_scale, encoder, desk, tools, warnings)


def wire_of_template(template: PromptTemplate) -> Wire | None:
    """How calls of a template are read back; None where no one knows."""
    if isinstance(template, HandWritten):
        return wire_of(template.template.agent_template)
    return wire_of(template) if isinstance(template, JinjaTemplate) else None


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
        and path.relative_to(root).parts[0] not in _NO_HAND_IN_BYTES
    ]
