"""What `agentdata stats` reports: the same data for `--json` and for the tables."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

CONTEXT_LENGTHS = tuple(1024 << power for power in range(1, 9))
"""2k, 4k, ..., 256k tokens."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Distribution(_Model):
    """How a number is spread over rows. Percentiles are nearest-rank: values that occur."""

    mean: float
    p50: int
    p90: int
    p99: int
    max: int


class KindFigures(_Model):
    """Tokens of one kind of text. `share` is of all tokens, `trained_share` of trained ones."""

    kind: str
    tokens: int
    share: float
    trained_tokens: int
    trained_share: float


class Bin(_Model):
    """Rows with more than `above` tokens and at most `upto`, and the tokens in them."""

    above: int
    upto: int
    rows: int
    tokens: int


class ToolFigures(_Model):
    """How often a tool is called and offered, and the tokens of its schema over all offers.

    `share` is of all calls, `tokens_share` of the tokens of all schemas.
    """

    name: str
    calls: int
    share: float
    offers: int
    tokens: int
    tokens_share: float


class OfferFigures(_Model):
    """The tools on offer. `tokens` are those of their schemas as JSON, once each time one is
    offered; what a template writes around or instead of it is not in them.

    `names` tools are told apart, at most `names_limit`, and `other_offers` are those under further
    names. `never_called` of them, with `never_called_tokens`, no conversation calls.
    """

    names: int
    names_limit: int
    offers: int
    other_offers: int
    tokens: int
    never_called: int
    never_called_tokens: int
    never_called_share: float


class ContextFigures(_Model):
    """What a context of `length` tokens holds: rows that fit whole, their tokens, and the tokens
    past it in the others. `tools_share` is the part of it that the mean tool section of a row
    takes."""

    length: int
    rows: int
    rows_share: float
    tokens: int
    tokens_share: float
    cut_tokens: int
    cut_share: float
    tools_share: float


class ToolChange(_Model):
    """What the options on tools did (`--max-tools`, `--tools-budget`, `--compact-tools`), over
    `rows` rows as they are before any is cut or left out.

    `offers_*` count tools on offer, `tokens_*` those of the tool sections, each tokenized by
    itself, and `saved_share` how much of them went. `over_context_*` are the rows over
    `context` tokens. `dropped` are the names dropped most often, `conversations`, `notes` and
    `irrelevant` what became of conversations (see the manifest).
    """

    rows: int
    offers_before: int
    offers_after: int
    tokens_before: int
    tokens_after: int
    saved_share: float
    context: int
    over_context_before: int
    over_context_after: int
    dropped_names: int
    dropped: dict[str, int]
    conversations: dict[str, int]
    notes: dict[str, int]
    irrelevant: dict[str, int]


class RowFlow(_Model):
    """What became of the rows: read = written + rejected + sum of filtered + merged.

    `split_off` counts rows beyond one per written row, `augmented` those that
    `--augment-irrelevant` made beside them; `rejects` splits `rejected` by reason,
    `warnings` counts faults that did not reject their row. `turns` are the trained turns by what
    became of them: `stable`, `split`, `kept`, `rejected`, `dropped` (see the manifest).
    """

    read: int
    written: int
    rejected: int
    rejected_share: float
    filtered: dict[str, int]
    filtered_rows: int
    merged: int
    split_off: int
    augmented: int
    rejects: dict[str, int]
    warnings: dict[str, int]
    turns: dict[str, int]


class Figures(_Model):
    """The figures of one source, or of all together. Shares are between 0 and 1.

    `rows` and `lengths` are in rows before packing, `tools_per_row` and `calls_per_row` in
    conversations; a distribution over none is None. `tool_section` is how many tokens of a row tell
    of its tools (kind `tools`), `tool_share` how many per cent of it; `tools` what options on tools
    did, None where none was given. `whole_rows` and `whole_tokens` are those
    before any was cut or left out for its length or for want of trained tokens, and `kept_share` is
    the share of those tokens that is left. `stop_share` is the
    share of trained turns whose stop token carries weight, None where no turn is trained.
    """

    source: str
    formats: dict[str, int]
    flow: RowFlow
    rows: int
    tokens: int
    trained_tokens: int
    trained_share: float
    weight_sum: float
    straddling_tokens: int
    trained_turns: int
    stop_weighted_turns: int
    stop_share: float | None
    lengths: Distribution | None
    kinds: list[KindFigures]
    tool_section: Distribution | None
    tool_share: Distribution | None
    tools: ToolChange | None
    tools_per_row: Distribution | None
    calls_per_row: Distribution | None
    tool_names: int
    top_tools: list[ToolFigures]
    offered: OfferFigures
    costly_tools: list[ToolFigures]
    never_called_tools: list[ToolFigures]
    contexts: list[ContextFigures]
    histogram: list[Bin]
    whole_rows: int
    whole_tokens: int
    kept_share: float


class SplitFigures(_Model):
    """One split of a compiled directory; `rows` are those of the shards, packs where packed."""

    split: str
    shards: int
    rows: int
    tokens: int
    trained_tokens: int
    weight_sum: float
    bytes: int


class PackFigures(_Model):
    """What packing did. A fill is the share of a batch that is no padding, where every row (before)
    or every pack (after) takes `capacity` tokens."""

    capacity: int
    rows: int
    packs: int
    tokens: int
    rows_per_pack: float
    fill_before: float
    fill_after: float


class Report(_Model):
    """All figures. `recipe` is what was asked for. `splits` is empty for raw sources, which have no
    shards, and `packing` is None where nothing was packed."""

    version: str
    recipe: dict[str, Any]
    packed: bool
    packing: PackFigures | None
    splits: list[SplitFigures]
    sources: list[Figures]
    total: Figures

    def to_json(self) -> bytes:
        """Indented JSON with a line break at the end."""
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        return orjson.dumps(self.model_dump(mode="json"), option=options)
