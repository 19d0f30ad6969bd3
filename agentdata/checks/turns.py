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
    roles = [message.role for message in messages]
    spoken = [index for index, role in enumerate(roles) if role != "system"]
    if not spoken:
        return
    first = spoken[0]
    for index in range(first, len(roles)) if len(spoken) < len(roles) - first else ():
        if roles[index] == "system":
            yield Finding(
                "late_system", "a system message stands inside the talk", f"/messages/{index}"
            )
    if roles[first] != "user":
        yield Finding(
            "starts_without_user",
            f"the talk begins with the role {roles[first]}",
            f"/messages/{first}",
        )
    for before, index in pairwise(spoken):
        role = roles[index]
        if role == roles[before] and role != "tool" and not _goes_on(messages, before, index):
            yield Finding(
                "repeated_role",
                f"two messages of the role {role} in a row",
                f"/messages/{index}",
            )


def _goes_on(messages: tuple[Message, ...], before: int, index: int) -> bool:
    """Whether two messages of the model are one turn: some formats give calls their own."""
    message = messages[index]
    calls = message.tool_calls or messages[before].tool_calls
    return message.role == "assistant" and bool(calls)


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
