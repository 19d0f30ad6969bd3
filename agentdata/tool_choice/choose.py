"""Which tools a row goes on offering: those that it calls, and distractors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentdata.conversation import Conversation, ToolSpec
from agentdata.draws import row_key, shuffled
from agentdata.tool_choice import bm25
from agentdata.tool_choice.limits import Limits
from agentdata.tool_choice.needed import called, mentioned, spoken
from agentdata.tool_choice.section import ToolSection


@dataclass(frozen=True, slots=True)
class Choice:
    """The tools that stay. `needed` of them had to; `over_tools` and `over_tokens` are whether
    these alone pass the limits."""

    tools: tuple[ToolSpec, ...]
    needed: int
    over_tools: bool = False
    over_tokens: bool = False


def choose(
    conversation: Conversation,
    tools: Sequence[ToolSpec],
    limits: Limits,
    section: ToolSection,
) -> Choice | None:
    """The tools that a conversation goes on offering, in an order drawn for it; None where all of
    them are within the limits, so that nothing changes.

    Those that it calls or that the model speaks of stay, whatever the limits. Of the others, those
    that any other message names come first; then they are drawn, or go by how well they match the
    user's messages. Raises RowError.
    """
    within = limits.tools is None or len(tools) <= limits.tools
    if within and limits.tokens is not None:
        within = section.tokens(conversation, tools) <= limits.tokens
    if within:
        return None
    names = called(conversation) | spoken(conversation, tools)
    needed = [index for index, tool in enumerate(tools) if tool.name in names]
    others = [index for index, tool in enumerate(tools) if tool.name not in names]
    others = _in_turn(conversation, tools, others, limits)
    if limits.tools is not None:
        others = others[: max(0, limits.tools - len(needed))]
    over_tokens = False
    if limits.tokens is not None:
        over_tokens, others = _affordable(conversation, tools, needed, others, limits, section)
    order = shuffled([*needed, *others], f"{limits.seed}\0order\0{row_key(conversation)}")
    return Choice(
        tuple(tools[index] for index in order),
        len(needed),
        over_tools=limits.tools is not None and len(needed) > limits.tools,
        over_tokens=over_tokens,
    )


def _in_turn(
    conversation: Conversation, tools: Sequence[ToolSpec], others: Sequence[int], limits: Limits
) -> list[int]:
    """Tools that are not called, in the order in which they are taken as distractors."""
    if limits.distractors == "none":
        return []
    drawn = shuffled(others, f"{limits.seed}\0distractors\0{row_key(conversation)}")
    if limits.distractors == "bm25":
        asked = "\n".join(m.text for m in conversation.messages if m.role == "user")
        found = bm25.scores(asked, tools)
        drawn.sort(key=lambda index: -found[index])
    named = mentioned(conversation, [tools[index] for index in others])
    drawn.sort(key=lambda index: tools[index].name not in named)
    return drawn


def _affordable(
    conversation: Conversation,
    tools: Sequence[ToolSpec],
    needed: Sequence[int],
    others: Sequence[int],
    limits: Limits,
    section: ToolSection,
) -> tuple[bool, list[int]]:
    """(Whether what is needed is over the limit of tokens, the others that are within it): each in
    turn that still fits, by what it adds; the whole section is counted in the end."""
    assert limits.tokens is not None
    spent = section.tokens(conversation, [tools[index] for index in needed])
    if spent > limits.tokens:
        return True, []
    kept: list[int] = []
    for index in others:
        if needed or kept:
            cost = section.added(conversation, tools[index])
        else:
            cost = section.tokens(conversation, [tools[index]])
        if spent + cost <= limits.tokens:
            kept.append(index)
            spent += cost
    while kept and _tokens(conversation, tools, [*needed, *kept], limits, section) > limits.tokens:
        kept.pop()
    return False, kept


def _tokens(
    conversation: Conversation,
    tools: Sequence[ToolSpec],
    chosen: Sequence[int],
    limits: Limits,
    section: ToolSection,
) -> int:
    """The tokens of the section in the order in which it is written."""
    order = shuffled(chosen, f"{limits.seed}\0order\0{row_key(conversation)}")
    return section.tokens(conversation, [tools[index] for index in order])
