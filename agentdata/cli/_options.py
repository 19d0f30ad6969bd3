"""Options of the command line to values of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agentdata.loss_scale import parse_weights
from agentdata.recipe import parse_media_tokens, parse_size, parse_split, parse_template_args

_PARSE: dict[str, Callable[[Any], Any]] = {
    "split": parse_split,
    "media_tokens": parse_media_tokens,
    "weights": parse_weights,
    "shard_size": parse_size,
    "template_arg": parse_template_args,
    "redact": lambda text: [kind.strip() for kind in text.split(",")],
}

ROW_OPTIONS = (
    *("tokenizer", "format", "template", "agent_template", "template_arg", "template_date"),
    *("train_injected", "unstable", "loss_scale", "weights", "max_length", "overflow", "straddle"),
    *("special_tokens_in_text", "check", "redact", "media", "media_family", "media_root"),
    *("media_tokens", "min_pixels", "max_pixels", "fetch_media"),
    *("max_tools", "tools_budget", "distractors", "compact_tools", "augment_irrelevant", "seed"),
)
"""Options of `compile` that decide what becomes of one row."""


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given, as a recipe has them. Raises UsageError, naming the option."""
    return {
        name: _PARSE[name](value) if name in _PARSE else value
        for name, value in options.items()
        if value is not None and value != ()
    }
