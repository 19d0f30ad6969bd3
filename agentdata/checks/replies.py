"""What looks like words of others in a text of the model."""

from __future__ import annotations

from collections.abc import Iterator

from agentdata.checks.base import CheckGroup, Finding
from agentdata.conversation import Conversation, Message
from agentdata.formats.common.react import holds_observations
from agentdata.formats.common.replies import may_hold_others
from agentdata.formats.common.reply_turns import turn_left
from agentdata.formats.common.result_text import result_left


def _run(conversation: Conversation) -> Iterator[Finding]:
    for index, message in enumerate(conversation.messages):
        if message.role != "assistant" or message.loss is False or message.loss_scale == 0:
            continue
        mark = _mark_in(message)
        if mark:
            yield Finding(
                "result_in_reply",
                f"{mark} stands in a text of the model, behind nothing that it follows on",
                f"/messages/{index}",
            )


def _mark_in(message: Message) -> str | None:
    if isinstance(message.content, str):
        texts = [message.content]
    else:
        texts = [part.text for part in message.content if part.type == "text"]
    for text in (*texts, message.reasoning):
        if text and (mark := _mark(text)):
            return mark
    return None


def _mark(text: str) -> str | None:
    if holds_observations(text):
        return "Observation:"
    return (result_left(text) or turn_left(text)) if may_hold_others(text) else None


GROUP = CheckGroup(
    help={
        "result_in_reply": "a trained text of the model holds what looks like words of others",
    },
    run=_run,
)
