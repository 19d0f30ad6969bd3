"""All that a run does to the tools of its rows: shortened, chosen, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agentdata.conversation import Conversation, ToolSpec
from agentdata.draws import place_of, row_key
from agentdata.errors import UsageError
from agentdata.shards.tool_counts import CONTEXT_TOKENS, ToolCounts
from agentdata.templates.hand_written import HandWritten
from agentdata.templates.template import PromptTemplate
from agentdata.tokenization import Encoder
from agentdata.tool_choice.choose import choose
from agentdata.tool_choice.compact import compact_tool
from agentdata.tool_choice.irrelevant import has_needed, irrelevant
from agentdata.tool_choice.limits import Distractors, Limits
from agentdata.tool_choice.needed import called
from agentdata.tool_choice.section import MAX_REMEMBERED, ToolSection, key_of

UNOFFERED = "calls_unoffered"


@dataclass(frozen=True, slots=True)
class ServedRow:
    """What became of the tools of a conversation; counts are of `ToolCounts`."""

    conversation: Conversation
    outcome: str
    notes: tuple[str, ...]
    dropped: Counter[str]
    tools_before: int
    section_before: int
    section_after: int

    def count(self, counts: ToolCounts, lengths: Sequence[int]) -> None:
        """Count the row, which is rendered as rows of these lengths in tokens."""
        counts.conversations[self.outcome] += 1
        counts.notes.update(self.notes)
        counts.tools_before += self.tools_before
        counts.tools_after += len(self.conversation.tools)
        for name in self.dropped.elements():
            counts.drop(name)
        saved = self.section_before - self.section_after
        counts.rows += len(lengths)
        counts.section_before += self.section_before * len(lengths)
        counts.section_after += self.section_after * len(lengths)
        counts.over_context_before += sum(n + saved > CONTEXT_TOKENS for n in lengths)
        counts.over_context_after += sum(n > CONTEXT_TOKENS for n in lengths)


class ToolDesk:
    """Serves the tools of rows. What it does depends on the row alone.

    `share` is that of rows beside which one is put without the tool that is needed.
    """

    def __init__(
        self,
        template: PromptTemplate,
        encoder: Encoder,
        limits: Limits,
        *,
        compact: bool = False,
        share: float = 0.0,
    ) -> None:
        self._template = template
        self._limits = limits
        self._compact = compact
        self._share = share
        self._section = ToolSection(template, encoder)
        self._known: dict[bytes, ToolSpec | None] = {}

    def served(self, conversation: Conversation) -> ServedRow:
        """The conversation with the tools that it goes on offering. Raises RowError where the
        template cannot write them."""
        tools = conversation.tools
        names = {tool.name for tool in tools}
        unoffered = () if called(conversation) <= names else (UNOFFERED,)
        if self._is_as_written(conversation) or not tools:
            outcome = "as_written" if self._is_as_written(conversation) else "no_tools"
            return ServedRow(conversation, outcome, unoffered, Counter(), len(tools), 0, 0)
        kept = tuple(map(self._shorter, tools)) if self._compact else tools
        notes = [*unoffered]
        if any(short is not tool for short, tool in zip(kept, tools, strict=True)):
            notes.append("compacted")
        choice = choose(conversation, kept, self._limits, self._section)
        if choice is not None:
            kept = choice.tools
            notes += ["over_max_tools"] * choice.over_tools + ["over_budget"] * choice.over_tokens
            notes += ["emptied"] * (not kept)
        left = Counter(tool.name for tool in kept)
        return ServedRow(
            replace(conversation, tools=kept),
            "reduced" if len(kept) < len(tools) else "within_limits",
            tuple(notes),
            Counter(tool.name for tool in tools) - left,
            len(tools),
            self._section.tokens(conversation, tools),
            self._section.tokens(conversation, kept),
        )

    def without_needed(self, conversation: Conversation, counts: ToolCounts) -> ServedRow | None:
        """The row to add in which the tool that is needed is missing, counted if it is drawn; None
        where there is none. Raises RowError like `served`."""
        if not self._share or not has_needed(conversation) or self._is_as_written(conversation):
            return None
        made = irrelevant(conversation)
        counts.irrelevant["no_answer" if made is None else "possible"] += 1
        key = f"{self._limits.seed}\0irrelevant\0{row_key(conversation)}"
        if made is None or place_of(key) >= self._share:
            return None
        counts.irrelevant["drawn"] += 1
        return self.served(made)

    def _shorter(self, tool: ToolSpec) -> ToolSpec:
        """The tool in fewer tokens, or itself; what was shortened once is remembered."""
        key = key_of([tool.name, tool.raw])
        if key not in self._known:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            made = compact_tool(tool)
            self._known[key] = None if made is tool else made
        return self._known[key] or tool

    def _is_as_written(self, conversation: Conversation) -> bool:
        """Whether the template prints the text of the conversation's own system turn."""
        template = self._template
        prints = isinstance(template, HandWritten) and template.template.chat_format.native
        return prints and bool(conversation.native)


def open_tools(
    template: PromptTemplate,
    encoder: Encoder,
    *,
    max_tools: int | None,
    budget: int | None,
    distractors: Distractors | None,
    compact: bool,
    augment: float,
    seed: int,
) -> ToolDesk | None:
    """What serves the tools of rows; None where no option asks for it. Raises UsageError."""
    limited = max_tools is not None or budget is not None
    if distractors is not None and not limited:
        raise UsageError(
            "option_without_effect",
            f"--distractors {distractors}: no tool is dropped, so none is to be chosen",
            remedy="give --max-tools or --tools-budget too, or leave it out",
        )
    if not (limited or compact or augment):
        return None
    limits = Limits(max_tools, budget, distractors or "random", seed)
    return ToolDesk(template, encoder, limits, compact=compact, share=augment)
