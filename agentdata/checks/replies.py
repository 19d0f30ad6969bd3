"""What looks like words of others in a text of the model."""

from __future__ import annotations

from collections.abc import Iterator

from agentdata.checks.base import CheckGroup, Finding
from agentdata.conversation import Conversation, Message
from agentdata.formats.common.react import holds_observations
from agentdata.formats.common.reply_turns import turn_left
from agentdata.formats.common.result_text import result_left


def _run(conversation: Conversation) -> Iterator[Finding]:
    for index, message in enumerate(conversation.messages):
        if message.role != "assistant" or message.loss is False or message.loss_scale == 0:
            continue
        mark = next(filter(None, map(_mark, _texts(message))), None)
        if mark:
            yield Finding(
                "result_in_reply",
                f"{mark} stands in a text of the model, behind nothing that it follows on",
                f"/messages/{index}",
            )


def _texts(message: Message) -> Iterator[str]:
    if isinstance(message.content, str):
        yield message.content
    else:
        yield from (part.text for part in message.content if part.type == "text")
    yield message.reasoning or ""


def _mark(text: str) -> str | None:
    return "Observation:" if holds_observations(text) else result_left(text) or turn_left(text)


GROUP = CheckGroup(
    help={
        "result_in_reply": "a trained text of the model holds what looks like words of others",
    },
    run=_run,
)
