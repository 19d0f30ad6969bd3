"""Rows in which the tool that is needed is missing, where the data say what the model answers
then."""

from __future__ import annotations

from dataclasses import replace

from agentdata.conversation import Conversation, Message
from agentdata.draws import row_key
from agentdata.tool_choice.needed import called

ANSWER = "answer_without_tool"
"""Of `Conversation.meta`: what the model is to say where none of the tools that it calls is on
offer. Readers take it from the data; nothing makes one up."""
SUFFIX = "!irrelevant"
"""Behind the id of a row that was made so."""


def irrelevant(conversation: Conversation) -> Conversation | None:
    """The conversation up to its first call, answered as the data say for the case that the tool
    is missing, and with the tools still on offer that it never calls; None where it calls no tool
    on offer, or the data have no such answer.

    What the model says before is not trained a second time. The row goes into the split of the
    conversation itself.
    """
    answer, names = conversation.meta.get(ANSWER), called(conversation)
    if not isinstance(answer, str) or not answer.strip() or not has_needed(conversation):
        return None
    messages = conversation.messages
    first = next(index for index, message in enumerate(messages) if message.tool_calls)
    if messages[first].loss is False:
        return None
    while first and messages[first - 1].role == "assistant":
        first -= 1  # What the model says on its way to the call.
    if not first or messages[first - 1].role != "user":
        return None
    before = [
        replace(message, loss=False) if message.role == "assistant" else message
        for message in messages[:first]
    ]
    meta = {name: value for name, value in conversation.meta.items() if name != ANSWER}
    return replace(
        conversation,
        id=conversation.id + SUFFIX,
        messages=(*before, Message("assistant", answer)),
        tools=tuple(tool for tool in conversation.tools if tool.name not in names),
        warnings=(),
        meta=meta | {"split_key": row_key(conversation)},
    )


def has_needed(conversation: Conversation) -> bool:
    """Whether a tool that the conversation calls is on offer."""
    names = called(conversation)
    return any(tool.name in names for tool in conversation.tools)
