"""The messages of a conversation by whose turn they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from agentdata.conversation import Conversation, Message, ToolCall
from agentdata.templates.agent_templates.base import IN_MODEL, AgentTemplate, Result


@dataclass(slots=True)
class Block:
    """Messages of one role in a row, each with its index in the conversation."""

    role: str
    messages: list[tuple[int, Message]]


def blocks_of(
    conversation: Conversation, agent: AgentTemplate
) -> tuple[Message | None, list[Block]]:
    """The system message that begins a conversation, if any, and the blocks after it.

    An empty user turn goes before a model that begins, before results that answer no call where
    only a user turn can hold them, and first where tools are listed in the user's first turn.
    """
    system = None
    blocks: list[Block] = []
    lists_tools = bool(conversation.tools) and agent.tools_in_user is not None
    in_model = agent.results_in is IN_MODEL
    previous = None
    for index, message in enumerate(conversation.messages):
        role = message.role
        if index == 0 and role == "system":
            system = message
            continue
        if role == previous:
            blocks[-1].messages.append((index, message))
            continue
        held = in_model and role == "tool" and previous not in ("user", "assistant")
        begins = previous is None and (role == "assistant" or (lists_tools and role != "user"))
        if begins or held:
            blocks.append(Block("user", []))
        blocks.append(Block(role, [(index, message)]))
        previous = role
    for before, block in pairwise(blocks):
        if block.role == "tool" and before.role == "assistant" and len(block.messages) > 1:
            calls = before.messages[-1][1].tool_calls
            block.messages = _in_order_of_calls(block.messages, calls)
    return system, blocks


def _in_order_of_calls(
    results: list[tuple[int, Message]], calls: Sequence[ToolCall]
) -> list[tuple[int, Message]]:
    """Results that answer each of these calls once by its id, in the order of the calls; others as
    they are. Most templates write no ids: the place alone tells which call a result answers."""
    places = {call.id: place for place, call in enumerate(calls)}
    ids = [message.tool_call_id for _, message in results]
    if None in ids or not len(ids) == len(calls) == len(places) or set(ids) != set(places):
        return results
    return sorted(results, key=lambda result: places[result[1].tool_call_id])


def names_by_id(conversation: Conversation) -> dict[str, str]:
    """The name of the tool of each call that has an id."""
    return {
        call.id: call.name
        for message in conversation.messages
        if message.tool_calls
        for call in message.tool_calls
        if call.id is not None
    }


def same_names(conversation: Conversation) -> bool:
    """Whether `names_by_id` gives all beginnings of the conversation the same names for their
    results: no id of a result without a name is that of calls of two tools, or of one behind it."""
    given = [m for m in conversation.messages if m.role == "tool" and not m.name]
    asked = {message.tool_call_id or "" for message in given}
    names: dict[str, str] = {}
    for message in conversation.messages:
        for call in message.tool_calls:
            told = call.id if call.id in asked else None
            if told is not None and names.setdefault(told, call.name) != call.name:
                return False
        if message.role == "tool":
            names.setdefault(message.tool_call_id or "", "")
    return True


def results_of(
    block: Block, before: Block | None, names: Mapping[str, str], given: Callable[[str], str]
) -> tuple[Result, ...]:
    """The results of a block behind the block `before`; `names` are those of `names_by_id`, and
    `given` reads their texts."""
    calls: list[tuple[int, ToolCall]] = []
    if before is not None and before.role == "assistant":
        calls = [call for _, m in before.messages for call in enumerate(m.tool_calls)]
    # Some data give later calls the ids of earlier ones.
    own = {call.id: call.name for _, call in calls if call.id}
    results = []
    for position, (_, message) in enumerate(block.messages):
        index, call = calls[position] if position < len(calls) else (0, None)
        asked = message.tool_call_id or ""
        results.append(
            Result(
                given(message.text),
                position + 1,
                message.name or own.get(asked) or names.get(asked) or "",
                call,
                index,
                asked,
            )
        )
    return tuple(results)
