"""What the options on tools did to the rows of a source."""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel, ConfigDict, Field

from agentdata.shards.counts import add_fields

CONTEXT_TOKENS = 8192
"""The context that rows are held against, before and after."""
MAX_DROPPED_NAMES = 2000
"""So many dropped tools are told apart by name, the ones dropped most often where files add up."""


class ToolCounts(BaseModel):
    """Tools before and after `--max-tools`, `--tools-budget` and `--compact-tools`, over rows as
    they are before any is cut or left out for its length.

    `conversations` is {what became of it: conversations}: `reduced` (offers fewer tools),
    `within_limits` (all its tools stay), `no_tools`, and `as_written` (its tools stand in a text
    that the template prints to the letter, so they stay). `notes` counts, among them,
    `over_max_tools` and `over_budget` (the tools that must stay are over the limit by themselves),
    `emptied` (no tool is left), `compacted` (a schema is shorter), and `calls_unoffered` (a tool is
    called that was not on offer).

    `tools_before` and `tools_after` are offers of tools; `dropped` counts those that went, by name,
    `other_dropped` under names past MAX_DROPPED_NAMES. `section_before` and `section_after` are
    tokens of the sections that tell of the tools, over `rows` rows, each tokenized by itself: in a
    row, its first and last token may join with what stands around it. `over_context_after` rows
    have more than CONTEXT_TOKENS tokens, `over_context_before` would have with their sections as
    they were. Rows made by `--augment-irrelevant` are in none of these.

    `irrelevant` is {what became of it: conversations} of those that call a tool on offer, under
    `--augment-irrelevant`: `no_answer` (the data have none for the case that it is missing), or
    `possible`; of these `drawn`, and of these `written` or `not_written` (too long, or not to be
    rendered).
    """

    model_config = ConfigDict(extra="forbid")

    conversations: Counter[str] = Field(default_factory=Counter)
    notes: Counter[str] = Field(default_factory=Counter)
    tools_before: int = 0
    tools_after: int = 0
    dropped: Counter[str] = Field(default_factory=Counter)
    other_dropped: int = 0
    rows: int = 0
    section_before: int = 0
    section_after: int = 0
    over_context_before: int = 0
    over_context_after: int = 0
    irrelevant: Counter[str] = Field(default_factory=Counter)

    def add(self, other: ToolCounts) -> None:
        """Add the counts of `other` to this one."""
        add_fields(self, other)
        for name in sorted(self.dropped, key=lambda n: (-self.dropped[n], n))[MAX_DROPPED_NAMES:]:
            self.other_dropped += self.dropped.pop(name)

    def drop(self, name: str) -> None:
        """Count a tool that went."""
        if name in self.dropped or len(self.dropped) < MAX_DROPPED_NAMES:
            self.dropped[name] += 1
        else:
            self.other_dropped += 1
