"""tau-bench few-shot dialogues: the whole talk as one text with a role before each turn.

A call stands in it as `assistant: None`: that there was one is all it tells, so the turn is left
out, and its result stays. Source: few_shot_data of sierra-research/tau-bench.
"""

from __future__ import annotations

import re
from typing import Any

from agentdata.conversation import Conversation, Message, Role
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.rows import Row
from agentdata.formats.common.turns import labelled_turns
from agentdata.formats.common.values import check, row_id

CALL_NOT_SHOWN = "call_not_shown"
"""Warning: a turn that was nothing but a call, of which the row tells nothing."""

_LABEL = re.compile(r"^(system|user|assistant|tool): ?", re.MULTILINE)
_ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


class TauFewShotRow(Row):
    """A row of `tau_few_shot`."""

    messages_display: str


def detect(row: dict[str, Any]) -> Fit:
    """Marked by `messages_display`."""
    text = row.get("messages_display")
    return Fit.MARKED if isinstance(text, str) and _LABEL.match(text.lstrip()) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `no_messages` (no turn, or text before it)."""
    check(TauFewShotRow, row)
    messages: list[Message] = []
    warnings: list[str] = []
    for label, text in labelled_turns(row["messages_display"], _LABEL):
        if label not in _ROLES:
            raise RowError(
                "unknown_role", "the talk begins without a role", pointer="/messages_display"
            )
        if label == "assistant" and text == "None":
            warnings.append(CALL_NOT_SHOWN)
        else:
            messages.append(Message(_ROLES[label], text))
    if not messages:
        raise RowError("no_messages", "the talk has no turns", pointer="/messages_display")
    return Conversation(row_id(row), tuple(messages), warnings=tuple(warnings))


FORMAT = Format(
    name="tau_few_shot",
    summary="messages_display: one text with user, assistant and tool lines (tau-bench)",
    row_model=TauFewShotRow,
    detect=detect,
    read=read,
)
