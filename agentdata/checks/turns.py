"""Who speaks when, and whether the model says anything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from agentdata.checks.base import CheckGroup, Finding
from agentdata.conversation import Conversation, Message


def _run(conversation: Conversation) -> Iterator[Finding]:
    yield from _order(conversation.messages)
    trained = False
    for index, message in enumerate(conversation.messages):
        if message.role != "assistant":
            continue
        if not _says_anything(message):
            yield Finding(
                "empty_assistant",
                "a message of the model has no text, reasoning or call",
                f"/messages/{index}",
            )
        elif message.loss is not False and message.loss_scale != 0:
            trained = True
    if not trained:
        yield Finding("nothing_to_train", "no message of the model is left to be trained")


def _order(messages: tuple[Message, ...]) -> Iterator[Finding]:
    spoken = [(i, message) for i, message in enumerate(messages) if message.role != "system"]
    if not spoken:
        return
    first = spoken[0][0]
    for index, message in enumerate(messages):
        if message.role == "system" and index > first:
            yield Finding(
                "late_system", "a system message stands inside the talk", f"/messages/{index}"
            )
    if messages[first].role != "user":
        yield Finding(
            "starts_without_user",
            f"the talk begins with the role {messages[first].role}",
            f"/messages/{first}",
        )
    for (_, before), (index, message) in pairwise(spoken):
        if message.role == before.role and message.role != "tool" and not _goes_on(before, message):
            yield Finding(
                "repeated_role",
                f"two messages of the role {message.role} in a row",
                f"/messages/{index}",
            )


def _goes_on(before: Message, message: Message) -> bool:
    """Whether two messages of the model are one turn: some formats give calls their own."""
    return message.role == "assistant" and bool(before.tool_calls or message.tool_calls)


def _says_anything(message: Message) -> bool:
    return bool(message.content or message.tool_calls or message.reasoning)


GROUP = CheckGroup(
    help={
        "late_system": "a system message comes after the first question",
        "starts_without_user": "the first message that is not a system text is not the user's",
        "repeated_role": "the user, or the model without a call, speaks twice in a row",
        "empty_assistant": "a message of the model has no text, reasoning or call",
        "nothing_to_train": "no message of the model has text and may be trained",
    },
    run=_run,
)
