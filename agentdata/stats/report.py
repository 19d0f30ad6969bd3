"""What `agentdata stats` reports: the same data for `--json` and for the tables."""

from __future__ import annotations

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


class ToolFigures(_Model):
    """How often a tool is called; `share` is of all calls."""

    name: str
    calls: int
    share: float


class ContextFigures(_Model):
    """What a context of `length` tokens holds: rows that fit, and tokens past it in the others."""

    length: int
    rows: int
    rows_share: float
    cut_tokens: int
    cut_share: float


class RowFlow(_Model):
    """What became of the rows: read = written + rejected + sum of filtered + merged.

    `split_off` counts rows beyond one per written row, `rejects` splits `rejected` by reason,
    `warnings` counts faults that did not reject their row.
    """

    read: int
    written: int
    rejected: int
    filtered: dict[str, int]
    merged: int
    split_off: int
    rejects: dict[str, int]
    warnings: dict[str, int]


class Figures(_Model):
    """The figures of one source, or of all together. Shares are between 0 and 1.

    `rows` and `lengths` are in rows before packing, `tools_per_row` and `calls_per_row` in
    conversations; a distribution over none is None. `stop_share` is the share of trained turns
    whose stop token carries weight, None where no turn is trained.
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
    tools_per_row: Distribution | None
    calls_per_row: Distribution | None
    tool_names: int
    top_tools: list[ToolFigures]
    contexts: list[ContextFigures]


class SplitFigures(_Model):
    """One split of a compiled directory; `rows` are those of the shards, packs where packed."""

    split: str
    shards: int
    rows: int
    tokens: int
    trained_tokens: int
    weight_sum: float
    bytes: int


class Report(_Model):
    """All figures. `splits` is empty for raw sources, which have no shards."""

    packed: bool
    splits: list[SplitFigures]
    sources: list[Figures]
    total: Figures

    def to_json(self) -> bytes:
        """Indented JSON with a line break at the end."""
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        return orjson.dumps(self.model_dump(mode="json"), option=options)
