"""Which family of models a tokenizer belongs to, and how it sizes images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from agentdata.errors import UsageError
from agentdata.media.base import MediaFamily, MediaType
from agentdata.media.families import FAMILIES
from agentdata.media.families.llava import Fixed
from agentdata.media.patches import Patches
from agentdata.tokenization import Encoder

CONFIGS = ("tokenizer_config.json", "processor_config.json", "preprocessor_config.json")
"""Files beside a tokenizer that tell of the processor; later ones win."""


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A family with the settings of a run. `fixed` is {type: tokens of every item}; `ids` is
    {type: id of the token that stands for a piece of it}."""

    family: MediaFamily
    fixed: Mapping[MediaType, int]
    ids: Mapping[MediaType, int]


def choose_family(
    name: str,
    encoder: Encoder,
    *,
    tokens: Mapping[MediaType, int],
    min_pixels: int | None,
    max_pixels: int | None,
) -> MediaInfo | None:
    """The family of that name; `auto`: by the files of the model, then by the tokenizer's tokens.

    None where there is none. Raises UsageError `unknown_media_family`, `missing_special_token`,
    `bad_option`.
    """
    config = _config(encoder.tokenizer.directory)
    if name == "none":
        return None
    if name == "auto":
        family = _by_files(config) or _by_tokens(encoder)
        if family is not None and _names(config) and not _speaks_of(config, family):
            # The model has images, but sizes them by a rule that no family here knows.
            family = None
    elif name in FAMILIES:
        family = FAMILIES[name]
    else:
        raise UsageError(
            "unknown_media_family",
            f"--media-family {name}: there is no such family",
            remedy=f"one of: auto, none, {', '.join(FAMILIES)}",
        )
    if family is None:
        return None
    if _speaks_of(config, family):
        family = replace(family, sizing=family.sizing.configured(config))
    family = _bounded(family, min_pixels, max_pixels)
    fixed: dict[MediaType, int] = {}
    for kind, count in tokens.items():
        if kind == "image":
            if not isinstance(family.sizing, Fixed):
                raise UsageError(
                    "bad_option",
                    f"--media-tokens image={count}: in {family.name} the size of an image decides",
                    remedy="--min-pixels and --max-pixels bound it in the families of Qwen",
                )
            family = replace(family, sizing=Fixed(count))
        elif kind not in family.runs:
            raise UsageError(
                "bad_option",
                f"--media-tokens {kind}={count}: {family.name} has no token for {kind}",
                remedy="leave it out, or choose another --media-family",
            )
        else:
            fixed[kind] = count
    return MediaInfo(family, fixed, _ids(family, encoder))


def _by_files(config: Mapping[str, Any]) -> MediaFamily | None:
    named = str(config.get("processor_class", ""))
    return next((f for f in FAMILIES.values() if named and named in f.processors), None)


def _by_tokens(encoder: Encoder) -> MediaFamily | None:
    known = encoder.tokenizer.backend.token_to_id
    fitting = [
        family
        for family in FAMILIES.values()
        if family.markers and all(known(marker) is not None for marker in family.markers)
    ]
    return max(fitting, key=lambda family: len(family.markers), default=None)


def _speaks_of(config: Mapping[str, Any], family: MediaFamily) -> bool:
    return any(name.removesuffix("Fast") in family.processors for name in _names(config))


def _names(config: Mapping[str, Any]) -> list[str]:
    """The names of the processor that the files of a model tell."""
    names = (config.get(key) for key in ("image_processor_type", "processor_class"))
    return [str(name) for name in names if name]


def _bounded(family: MediaFamily, least: int | None, most: int | None) -> MediaFamily:
    if least is None and most is None:
        return family
    if not isinstance(family.sizing, Patches):
        raise UsageError(
            "bad_option",
            f"--{'max' if least is None else 'min'}-pixels: {family.name} does not size by pixels",
            remedy="leave it out",
        )
    sizing = family.sizing.bounded(least, most)
    if sizing.min_pixels > sizing.max_pixels:
        raise UsageError(
            "bad_option",
            f"--min-pixels {sizing.min_pixels} is above --max-pixels {sizing.max_pixels}",
        )
    return replace(family, sizing=sizing)


def _ids(family: MediaFamily, encoder: Encoder) -> dict[MediaType, int]:
    """Raises UsageError `missing_special_token` where the tokenizer lacks one for images."""
    ids: dict[MediaType, int] = {}
    for kind, run in family.runs.items():
        found = [encoder.encode_text(text).ids for text in (run.before, run.token, run.after)]
        number = encoder.tokenizer.backend.token_to_id(run.token)
        texts = [bool(text) for text in (run.before, run.token, run.after)]
        if number is not None and [len(one) for one in found] == texts:
            ids[kind] = number
        elif kind == "image":
            raise UsageError(
                "missing_special_token",
                f"--media-family {family.name}: the tokenizer has no token {run.token}",
                remedy="choose the model's own --tokenizer, or --media text",
            )
    return ids


def _config(directory: Path | None) -> dict[str, Any]:
    """What the files of a model say of its processor."""
    config: dict[str, Any] = {}
    for name in CONFIGS if directory is not None else ():
        assert directory is not None
        try:
            found = orjson.loads((directory / name).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            continue
        if not isinstance(found, dict):
            continue
        if name == "tokenizer_config.json":
            found = {"processor_class": found.get("processor_class", "")}
        nested = found.pop("image_processor", None)
        config |= found | (nested if isinstance(nested, dict) else {})
    return config
