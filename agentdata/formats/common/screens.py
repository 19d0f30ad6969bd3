"""A task on a screen as a conversation: the goal with the first screenshot, then actions by turns
with the screenshot that followed each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from agentdata.conversation import Conversation, Message, Part, ToolCall
from agentdata.formats.common.media import MediaList

Action = tuple[str, ToolCall]
"""What the model says to an action, and the action as a call."""


def screen_talk(
    id_: str,
    goal: str,
    actions: Iterable[Action],
    screenshots: Sequence[tuple[Any, str]],
    warnings: Iterable[str] = (),
) -> Conversation:
    """The conversation of a run. A screenshot is what it is found by (None: there is none) and its
    JSON pointer; the first is seen before the first action.

    Raises RowError `bad_media`.
    """
    media = MediaList({})
    seen = [
        None if shot is None else Part("image", media=media.add("image", shot, pointer))
        for shot, pointer in screenshots
    ]
    first = seen[0] if seen else None
    messages = [Message("user", goal if first is None else (Part("text", goal), first))]
    for number, (said, call) in enumerate(actions, 1):
        messages.append(Message("assistant", said, tool_calls=(call,)))
        after = seen[number] if number < len(seen) else None
        if after is not None:
            messages.append(Message("tool", (after,)))
    return Conversation(
        id=id_,
        messages=tuple(messages),
        media=tuple(media.items),
        warnings=tuple(warnings),
    )
