"""The messages of a conversation by whose turn they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from agentdata.conversation import Conversation, Message, ToolCall
from agentdata.templates.agent_templates.base import AgentTemplate, Result, ResultsIn


@dataclass(frozen=True, slots=True)
class Block:
    """Messages of one role in a row, each with its index in the conversation."""

    role: str
    messages: tuple[tuple[int, Message], ...]


def blocks_of(
    conversation: Conversation, agent: AgentTemplate
) -> tuple[Message | None, list[Block]]:
    """The system message that begins a conversation, if any, and the blocks after it.

    An empty user turn goes before a model that begins, before results that answer no call where
    only a user turn can hold them, and first where tools are listed in the user's first turn.
    """
    messages = list(enumerate(conversation.messages))
    system = None
    if messages and messages[0][1].role == "system":
        system = messages.pop(0)[1]
    blocks: list[Block] = []
    lists_tools = bool(conversation.tools) and agent.tools_in_user is not None
    for role, group in groupby(messages, lambda item: item[1].role):
        previous = blocks[-1].role if blocks else None
        held = agent.results_in is ResultsIn.MODEL and previous not in ("user", "assistant")
        begins = not blocks and (role == "assistant" or (lists_tools and role != "user"))
        if begins or (role == "tool" and held):
            blocks.append(Block("user", ()))
        given = tuple(group)
        if role == "tool" and blocks and blocks[-1].role == "assistant":
            given = _in_order_of_calls(given, blocks[-1].messages[-1][1].tool_calls)
        blocks.append(Block(role, given))
    return system, blocks


def _in_order_of_calls(
    results: tuple[tuple[int, Message], ...], calls: Sequence[ToolCall]
) -> tuple[tuple[int, Message], ...]:
    """Results that answer each of these calls once by its id, in the order of the calls; others as
    they are. Most templates write no ids: the place alone tells which call a result answers."""
    places = {call.id: place for place, call in enumerate(calls)}
    ids = [message.tool_call_id for _, message in results]
    if None in ids or not len(ids) == len(calls) == len(places) or set(ids) != set(places):
        return results
    return tuple(sorted(results, key=lambda result: places[result[1].tool_call_id]))


def names_by_id(conversation: Conversation) -> dict[str, str]:
    """The name of the tool of each call that has an id."""
    return {
        call.id: call.name
        for message in conversation.messages
        for call in message.tool_calls
        if call.id is not None
    }


def results_of(
    block: Block, before: Block | None, names: Mapping[str, str], given: Callable[[str], str]
) -> tuple[Result, ...]:
    """The results of a block behind the block `before`; `names` are those of `names_by_id`, and
    `given` reads their texts."""
    calls: list[tuple[int, ToolCall]] = []
    if before is not None and before.role == "assistant":
        calls = [call for _, m in before.messages for call in enumerate(m.tool_calls)]
    results = []
    for position, (_, message) in enumerate(block.messages):
        index, call = calls[position] if position < len(calls) else (0, None)
        results.append(
            Result(
                text=given(message.text),
                index=position + 1,
                name=message.name or names.get(message.tool_call_id or "") or "",
                call=call,
                call_index=index,
                call_id=message.tool_call_id or "",
            )
        )
    return tuple(results)
