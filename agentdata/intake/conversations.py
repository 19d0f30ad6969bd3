"""A raw row to a conversation that knows where it came from."""

from __future__ import annotations

import hashlib

from agentdata import formats
from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.intake.tasks import UNKNOWN_FORMAT, Task
from agentdata.json_text import compact
from agentdata.sources import BadRow, RawRow, WorkUnit

_NOT_ITS_SHAPE = frozenset({"no_messages", "missing_field"})
"""Faults of rows that may be good ones of another format."""


def read_conversation(raw: RawRow | BadRow, task: Task) -> Conversation:
    """The conversation of a row, with its source, and where it has no id one by file, line and the
    part of it.

    Raises RowError; its pointer is relative to the row.
    """
    conversation = read_unnamed(raw, task)
    assert isinstance(raw, RawRow)
    return _named(conversation, raw, task.unit)


def read_unnamed(raw: RawRow | BadRow, task: Task) -> Conversation:
    """The conversation of a row as its format reads it, with an id only where the row has one.

    Raises RowError; its pointer is relative to the row.
    """
    if isinstance(raw, BadRow):
        raise RowError(raw.code, raw.message, pointer=raw.pointer)
    if task.format == UNKNOWN_FORMAT:
        raise RowError("unknown_format", task.fault)
    try:
        return formats.get(task.format).read(raw.value)
    except RowError as error:
        if error.code in _NOT_ITS_SHAPE and raw.records == 1:
            other = formats.other_format(raw.value, task.format)
            if other:
                raise RowError(
                    "other_format",
                    f"the row has the format {other}, and is read as {task.format}",
                    pointer=error.pointer,
                    remedy=f"put rows of {other} into a file of their own",
                ) from None
        raise


def _named(conversation: Conversation, raw: RawRow, unit: WorkUnit) -> Conversation:
    id_, meta = conversation.id, conversation.meta
    if not id_:
        id_ = f"{unit.path.name}:{raw.line}{raw.part}"
        # A line number changes when rows are added before it; the content does not.
        meta = meta | {"split_key": hashlib.sha256(compact(raw.value)).hexdigest()}
    # To name the fields takes half the time of `dataclasses.replace`.
    return Conversation(
        id=id_,
        messages=conversation.messages,
        tools=conversation.tools,
        media=conversation.media,
        source=str(unit.path),
        native=conversation.native,
        warnings=conversation.warnings,
        meta=meta,
    )
