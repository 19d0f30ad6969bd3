"""The manifest: what a compiled directory holds and how it came about."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agentdata.errors import AgentDataError
from agentdata.shards.counts import add_fields
from agentdata.shards.tool_counts import ToolCounts

MANIFEST_NAME = "manifest.json"
REJECTS_NAME = "rejects.jsonl"
LAYOUT_VERSION = 5
MAX_TOOL_NAMES = 2000
"""So many tools on offer are told apart by name, the most expensive ones where files add up."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Shard(_Model):
    """One file of rows. `path` is relative to the directory; `sha256` is over the file's bytes."""

    path: str
    split: str
    rows: int
    tokens: int
    trained_tokens: int
    weight_sum: float
    bytes: int
    sha256: str


class MediaTokens(_Model):
    """How media stand in the rows: `token_ids` is {type: id of the token that stands for a piece
    of it}, `patches_per_token` how many patches of `image_grid_thw` are one token."""

    family: str
    token_ids: dict[str, int]
    patches_per_token: int


class RejectsFile(_Model):
    """The file of rejected rows; `sha256` is over its bytes."""

    rows: int = 0
    bytes: int = 0
    sha256: str = hashlib.sha256().hexdigest()


class Tally(_Model):
    """Counts over rows, in tokens unless said otherwise; tallies of disjoint rows add up.

    `lengths`, `tools_per_row` and `calls_per_row` are histograms {value: rows}. `kinds` and
    `trained_kinds` count tokens by the kind of the segment that holds the token's last character.
    `trained_turns` counts assistant turns with any weight, `stop_weighted_turns` those of them
    whose end-of-turn token carries weight. `whole_rows` and `whole_tokens` are those before rows
    were cut or left out for their length or for want of trained tokens.

    `tool_section` is a histogram {tokens: rows} of the part of each row that tells of its tools
    (kind `tools`), `tool_share` one {per cent of the row, rounded: rows}.

    `tools_offered` counts by name how often conversations offer a tool, `tool_tokens` the tokens
    of its schema as JSON, once each time. Both know MAX_TOOL_NAMES names at most; `other_offers`
    counts the offers under all other names.
    """

    rows: int = 0
    tokens: int = 0
    trained_tokens: int = 0
    weight_sum: float = 0.0
    straddling_tokens: int = 0
    trained_turns: int = 0
    stop_weighted_turns: int = 0
    lengths: Counter[int] = Field(default_factory=Counter)
    kinds: Counter[str] = Field(default_factory=Counter)
    trained_kinds: Counter[str] = Field(default_factory=Counter)
    tools_per_row: Counter[int] = Field(default_factory=Counter)
    calls_per_row: Counter[int] = Field(default_factory=Counter)
    tool_calls: Counter[str] = Field(default_factory=Counter)
    tool_section: Counter[int] = Field(default_factory=Counter)
    tool_share: Counter[int] = Field(default_factory=Counter)
    whole_rows: int = 0
    whole_tokens: int = 0
    tools_offered: Counter[str] = Field(default_factory=Counter)
    tool_tokens: Counter[str] = Field(default_factory=Counter)
    other_offers: int = 0

    def add(self, other: Tally) -> None:
        """Add the counts of `other` to this one."""
        add_fields(self, other)
        if len(self.tools_offered) > MAX_TOOL_NAMES:
            self._forget_cheap_tools()

    def _forget_cheap_tools(self) -> None:
        tokens = self.tool_tokens
        ordered = sorted(self.tools_offered, key=lambda name: (-tokens[name], name))
        for name in ordered[MAX_TOOL_NAMES:]:
            self.other_offers += self.tools_offered.pop(name)
            tokens.pop(name, None)


class SourceCounts(_Model):
    """What became of the rows of one source: read = written + rejected + filtered + merged.

    `written` rows stand in the shards; `filtered` were left out by an option ({reason: rows});
    `merged` were packed behind another row of the shards; `split_off` counts the rows that the
    shards hold beyond one per written row, `augmented` those that `--augment-irrelevant` made
    beside a row that was read. `rejects` splits `rejected` by reason code, `warnings` counts faults
    that did not reject the row. `redacted` is {kind: rows in which something of that
    kind was taken out}, written or not. `formats` is {format: files}. `bytes` and `sha256`
    are those of the file that was read.

    `turns` are the trained turns of the model by what became of them: `stable` (what a server would
    give the model before the turn is how the row begins, to the token), `split` (stable in a row of
    its own beginning of the conversation), `kept` (trained though not stable), `rejected` with
    their row, and `dropped` with a row too long. `tools` is there where an option on tools is.
    """

    source: str
    bytes: int = 0
    sha256: str = ""
    formats: dict[str, int] = Field(default_factory=dict)
    read: int = 0
    written: int = 0
    rejected: int = 0
    filtered: Counter[str] = Field(default_factory=Counter)
    merged: int = 0
    split_off: int = 0
    augmented: int = 0
    rejects: Counter[str] = Field(default_factory=Counter)
    warnings: Counter[str] = Field(default_factory=Counter)
    redacted: Counter[str] = Field(default_factory=Counter)
    turns: Counter[str] = Field(default_factory=Counter)
    tools: ToolCounts | None = None
    tally: Tally = Field(default_factory=Tally)

    def tool_counts(self) -> ToolCounts:
        """The counts of `tools`, made where there are none yet."""
        if self.tools is None:
            self.tools = ToolCounts()
        return self.tools


class Manifest(_Model):
    """The last file written into a compiled directory: without it the directory is not finished.

    `fingerprints` are sha256 of what decides the bytes: tokenizer, template, loss scale, code.
    `media` is there where shards have the columns of media, which they have if any row has any.
    `digest` is the sha256 of the canonical bytes of all else, so that a damaged manifest is known.
    """

    layout: int = LAYOUT_VERSION
    version: str
    recipe: dict[str, Any]
    fingerprints: dict[str, str]
    container: str
    packed: bool
    vocab_size: int
    media: MediaTokens | None = None
    shards: list[Shard]
    sources: list[SourceCounts]
    rejects: RejectsFile = Field(default_factory=RejectsFile)
    digest: str = ""

    def total(self) -> Tally:
        """The tally over all sources."""
        total = Tally()
        for counts in self.sources:
            total.add(counts.tally)
        return total

    def to_json(self) -> bytes:
        """Canonical bytes: keys sorted, indented, a newline at the end."""
        values = self.model_dump(mode="json") | {"digest": ""}
        values["digest"] = hashlib.sha256(_canonical(values)).hexdigest()
        return _canonical(values)


def _canonical(values: dict[str, Any]) -> bytes:
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(values, option=options | orjson.OPT_NON_STR_KEYS)


def load_manifest(directory: str | Path) -> Manifest:
    """The manifest of a finished directory.

    Raises AgentDataError: `not_found` (no such directory), `not_finished` (no manifest in it),
    `bad_manifest` (not readable as one, damaged, or of another layout).
    """
    directory = Path(directory)
    path = directory / MANIFEST_NAME
    if not directory.is_dir():
        raise AgentDataError("not_found", f"there is no directory {directory}")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise AgentDataError(
            "not_finished",
            f"{directory} holds no {MANIFEST_NAME}: no `agentdata compile` finished there",
            remedy="run the same `agentdata compile` again",
        ) from None
    layout = _layout(raw)
    if layout not in (None, LAYOUT_VERSION):
        raise AgentDataError(
            "bad_manifest",
            f"{path} has layout {layout}, this version reads layout {LAYOUT_VERSION}",
            remedy="compile again with this version, or install the one that wrote it",
        )
    try:
        manifest = Manifest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(str(part) for part in first["loc"])
        raise AgentDataError(
            "bad_manifest", f"{path} is no manifest of this version: {where}: {first['msg']}"
        ) from None
    if manifest.to_json() != raw:
        raise AgentDataError(
            "bad_manifest",
            f"{path} is not as it was written: its digest does not agree",
            remedy="copy the directory again, or compile again",
        )
    return manifest


def _layout(raw: bytes) -> Any:
    try:
        values = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return values.get("layout") if isinstance(values, dict) else None
