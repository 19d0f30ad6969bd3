"""One model of what a compile is told: the options of the command line and the keys of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agentdata.checks import CheckLevel
from agentdata.errors import UsageError
from agentdata.loss_scale.kinds import check_weights
from agentdata.media.base import MediaMode, MediaType
from agentdata.redaction import Redact
from agentdata.templates.stability import Unstable
from agentdata.tool_choice.limits import Distractors

Overflow = Literal["drop", "truncate_left", "truncate_right", "split", "error"]


class Recipe(BaseModel):
    """Sources, and how they become shards. Lengths are in tokens, `shard_size` in bytes.

    `split` is {name of the split: share of the rows}, by a hash of the id; the rest is `train`.
    `weights` is {kind of text: weight}, multiplied with what `loss_scale` says.
    `verify_tokens` is the share of rows (by a hash of the id) whose tokens are held against the
    tokenizer itself; it and `workers` never change what is written. `workers` null is one for each
    core, as far as there is work for them.
    `media` says whether shards refer to images, videos and audio or hold their bytes, or whether
    the text `<image>` is all that is left of them; `media_root` is the folder that holds them
    (default: that of each source), `media_tokens` {type: tokens of every item}; `min_pixels` and
    `max_pixels` bound images of Qwen's families.
    `template_arg` are the chat template's arguments for every row, under those of the row itself
    (`chat_template_kwargs`); `template_date` (ISO) is the day that it is told it is.
    `max_tools` and `tools_budget` (tokens of the section that tells of them) bound the tools that a
    row offers; `distractors` says how those are chosen that it does not call. `augment_irrelevant`
    is the share of rows beside which one is put without the tool that is needed, of those whose
    data say what the model answers then. `seed` is what all draws depend on beside the row's id.
    """

    model_config = ConfigDict(extra="forbid")

    sources: Annotated[list[str], Field(min_length=1)]
    tokenizer: str
    format: str = "auto"
    template: str = "auto"
    agent_template: str = "auto"
    template_arg: dict[str, Any] = Field(default_factory=dict)
    template_date: str | None = None
    train_injected: bool = False
    unstable: Unstable = "split"
    loss_scale: str = "default"
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    max_length: Annotated[int, Field(gt=1)] | None = None
    overflow: Overflow = "drop"
    pack: Annotated[int, Field(gt=1)] | None = None
    split: dict[str, Annotated[float, Field(gt=0, lt=1)]] = Field(default_factory=dict)
    container: Literal["parquet", "arrow"] = "parquet"
    shard_size: Annotated[int, Field(gt=0)] = 256_000_000
    special_tokens_in_text: Literal["plain", "reject", "allow"] = "plain"
    straddle: Literal["min", "first", "max"] = "min"
    check: CheckLevel = "normal"
    on_error: Literal["quarantine", "raise"] = "quarantine"
    rejects_without_rows: bool = False
    redact: list[Redact] = Field(default_factory=list)
    limit: Annotated[int, Field(gt=0)] | None = None
    media: MediaMode = "reference"
    media_family: str = "auto"
    media_root: str | None = None
    media_tokens: dict[MediaType, Annotated[int, Field(gt=0)]] = Field(default_factory=dict)
    min_pixels: Annotated[int, Field(gt=0)] | None = None
    max_pixels: Annotated[int, Field(gt=0)] | None = None
    fetch_media: bool = False
    max_tools: Annotated[int, Field(gt=0)] | None = None
    tools_budget: Annotated[int, Field(gt=0)] | None = None
    distractors: Distractors | None = None
    compact_tools: bool = False
    augment_irrelevant: Annotated[float, Field(ge=0, le=1)] = 0.0
    seed: Annotated[int, Field(ge=0)] = 0
    verify_tokens: Annotated[float, Field(ge=0, le=1)] = 0.001
    workers: Annotated[int, Field(gt=0)] | None = 1

    @field_validator("weights", mode="before")
    @classmethod
    def _are_weights(cls, weights: Any) -> dict[str, float]:
        return check_weights(weights)

    def content(self) -> dict[str, Any]:
        """What decides the bytes of the shards: all but how they are made and checked."""
        return self.model_dump(mode="json", exclude={"workers", "verify_tokens"})


def make_recipe(values: dict[str, Any]) -> Recipe:
    """A recipe from options. Raises UsageError `bad_option`, naming the option."""
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        option = "SOURCE..." if key == "sources" else "--" + key.replace("_", "-")
        raise UsageError(
            "bad_option",
            f"{option}: {first['msg'].lower()}",
            remedy="see `agentdata compile --help`",
        ) from None


def load_recipe(path: str | Path) -> dict[str, Any]:
    """The keys of a YAML (or JSON) recipe file. Raises UsageError `bad_recipe`."""
    try:
        values = yaml.safe_load(Path(path).read_text())
    except OSError as error:
        raise UsageError("bad_recipe", f"--recipe {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError("bad_recipe", f"--recipe {path}: not YAML: {error}") from None
    if not isinstance(values, dict):
        raise UsageError("bad_recipe", f"--recipe {path}: must hold keys and values")
    return values


def parse_size(text: str) -> int:
    """Bytes of a size such as `256MB` (10^6) or `1GiB` (2^30). Raises UsageError `bad_option`.

    >>> parse_size("256MB"), parse_size("1KiB")
    (256000000, 1024)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMG]?)(i?)B?\s*", text, re.IGNORECASE)
    if not match:
        raise UsageError("bad_option", f"--shard-size {text}: no size", remedy="such as 256MB")
    number, prefix, binary = match.groups()
    base = 1024 if binary else 1000
    return int(float(number) * base ** ("KMG".index(prefix.upper()) + 1 if prefix else 0))


def parse_template_args(items: Sequence[str]) -> dict[str, Any]:
    """{KEY: VALUE} of items such as `enable_thinking=false`; a VALUE that is JSON is read as such,
    any other is text. Raises UsageError `bad_option`.

    >>> parse_template_args(["enable_thinking=false", "date_string=26 Jul 2024"])
    {'enable_thinking': False, 'date_string': '26 Jul 2024'}
    """
    values: dict[str, Any] = {}
    for item in items:
        key, sign, text = item.partition("=")
        if not sign or not key.isidentifier() or key in values:
            raise UsageError(
                "bad_option",
                f"--template-arg {item}: not KEY=VALUE, or the same KEY twice",
                remedy="such as enable_thinking=false",
            )
        try:
            values[key] = orjson.loads(text)
        except orjson.JSONDecodeError:
            values[key] = text
    return values


def parse_media_tokens(text: str) -> dict[str, int]:
    """{type: tokens} of `video=256,audio=750`. Raises UsageError `bad_option`.

    >>> parse_media_tokens("video=256")
    {'video': 256}
    """
    tokens: dict[str, int] = {}
    for item in text.split(","):
        match = re.fullmatch(r"\s*(image|video|audio)\s*=\s*([1-9]\d{0,6})\s*", item)
        if not match or match[1] in tokens:
            raise UsageError(
                "bad_option", f"--media-tokens {text}: not tokens by type", remedy="as video=256"
            )
        tokens[match[1]] = int(match[2])
    return tokens


def parse_split(text: str) -> dict[str, float]:
    """{split: share} of `val=0.02` or `val=0.02,test=0.01`; `val` is short for `validation`.

    Raises UsageError `bad_option`.

    >>> parse_split("val=0.02")
    {'validation': 0.02}
    """
    shares: dict[str, float] = {}
    for item in text.split(","):
        match = re.fullmatch(r"\s*([a-z]+)\s*=\s*(0?\.\d+)\s*", item)
        name = {"val": "validation"}.get(match[1], match[1]) if match else ""
        if not match or name == "train" or name in shares:
            raise UsageError(
                "bad_option", f"--split {text}: not a split", remedy="such as val=0.02"
            )
        shares[name] = float(match[2])
    if sum(shares.values()) >= 1:
        raise UsageError("bad_option", f"--split {text}: nothing is left for train")
    return shares
