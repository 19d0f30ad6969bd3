"""Recorded calls of an API that go on with each other, as one conversation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from agentdata.conversation import Conversation, Message, ToolSpec
from agentdata.errors import RowError

EARLIER = "earlier"
"""The key under which a row keeps the records that it goes on from."""
UNFINISHED = "unfinished_response"
"""Meta: the response of a conversation was still to come."""
WINDOW = 16
"""So many conversations of a file may go on side by side."""
_BLOCK = re.compile(r"\s*<(?P<tag>think|thinking)>(?P<reasoning>.*?)</(?P=tag)>\s*", re.DOTALL)
_ID, _PREVIOUS, _STORED = "response_id", "previous_response_id", "conversation"


def extended(before: Conversation, after: Conversation) -> Conversation | None:
    """Both as one conversation, where `after` goes on with `before`: it repeats its messages, or
    names its response, or the stored conversation that both belong to. Else None.

    Reasoning that the later request left out is kept.
    """
    if after.meta.get(_ID) is not None and after.meta.get(_ID) == before.meta.get(_ID):
        return _answered(before, after)
    named = after.meta.get(_PREVIOUS)
    if named is not None:
        return _appended(before, after) if named == before.meta.get(_ID) else None
    stored = after.meta.get(_STORED)
    if stored is not None and stored == before.meta.get(_STORED):
        return _appended(before, after)
    return _repeated(before, after)


def _repeated(before: Conversation, after: Conversation) -> Conversation | None:
    length = len(before.messages)
    if not 0 < length <= len(after.messages) or before.messages[-1].role != "assistant":
        return None
    if before.media != after.media[: len(before.media)]:
        return None
    kept = [_same(*pair) for pair in zip(before.messages, after.messages[:length], strict=True)]
    if None in kept:
        return None
    tools = _tools(before, after)
    if tools is None:
        return None
    messages = tuple(message for message in kept if message) + after.messages[length:]
    return replace(
        after,
        messages=messages,
        tools=tools,
        meta=before.meta | after.meta,
        warnings=tuple(dict.fromkeys(before.warnings + after.warnings)),
    )


def _same(said: Message, again: Message) -> Message | None:
    """A message that a later request repeats, with its reasoning; None where it is another.

    Ids do not count: clients make up those that a provider left out. The later ones pair.
    """
    if said.reasoning is not None and again.reasoning is None:
        again = _without_block(again, said.reasoning)
    calls = [(call.name, call.arguments) for call in said.tool_calls]
    if calls != [(call.name, call.arguments) for call in again.tool_calls]:
        return None
    if said.role != again.role or said.content != again.content:
        return None
    if again.reasoning is not None and again.reasoning != said.reasoning:
        return None
    return replace(again, reasoning=said.reasoning, name=said.name or again.name)


def _without_block(message: Message, reasoning: str) -> Message:
    """The message without the block in which clients repeat reasoning as text."""
    block = _BLOCK.match(message.content) if isinstance(message.content, str) else None
    if block is None or block["reasoning"].strip() != reasoning.strip():
        return message
    return replace(message, content=message.text[block.end() :])


def _appended(before: Conversation, after: Conversation) -> Conversation | None:
    tools = _tools(before, after)
    if tools is None or not after.messages or before.media or after.media:
        return None
    messages = after.messages
    if messages[0].role == "system" and messages[0] in before.messages:
        messages = messages[1:]
    errors = before.meta.get("tool_errors", []) + after.meta.get("tool_errors", [])
    return replace(
        after,
        messages=before.messages + messages,
        tools=tools,
        warnings=before.warnings + after.warnings,
        meta=before.meta | after.meta | ({"tool_errors": errors} if errors else {}),
    )


def _answered(before: Conversation, after: Conversation) -> Conversation | None:
    """A request with a response that was fetched later on, or once more."""
    turn = tuple(m for m in after.messages if m.role != "system")
    if not turn or before.messages[-len(turn) :] == turn:
        return before
    if before.media or after.media or UNFINISHED not in before.meta or not before.messages:
        return None
    return replace(
        before,
        messages=before.messages + turn,
        warnings=before.warnings + after.warnings,
        meta={k: v for k, v in (after.meta | before.meta).items() if k != UNFINISHED},
    )


def _tools(before: Conversation, after: Conversation) -> tuple[ToolSpec, ...] | None:
    """The tools of both, where one of them has all names that the other has; else None."""
    old, new = ({tool.name for tool in tools} for tools in (before.tools, after.tools))
    if old <= new:
        return after.tools
    return before.tools if new <= old else None


@dataclass(slots=True)
class _Thread:
    numbers: list[int]
    records: list[dict[str, Any]]
    read: Conversation | None

    def row(self) -> tuple[list[int], dict[str, Any]]:
        *earlier, last = self.records
        return self.numbers, last | ({EARLIER: earlier} if earlier else {})


def gathered(
    records: Iterable[tuple[int, dict[str, Any]]], read: Callable[[dict[str, Any]], Conversation]
) -> Iterator[tuple[list[int], dict[str, Any]]]:
    """The rows of the records of a file: those that go on with each other are one.

    A row keeps the records before the last under `earlier`, as far as the last does not hold all
    that they say. `read` reads one record, and raises RowError.
    """
    threads: list[_Thread] = []
    for number, record in records:
        try:
            conversation = read(record)
        except RowError:
            conversation = None
        new = _Thread([number], [record], conversation)
        for place in range(len(threads) - 1, -1, -1) if conversation is not None else ():
            joined = _joined(threads[place], new)
            if joined is not None:
                del threads[place]
                new = joined
                break
        threads.append(new)
        if len(threads) > WINDOW:
            yield threads.pop(0).row()
    for thread in threads:
        yield thread.row()


def _joined(thread: _Thread, new: _Thread) -> _Thread | None:
    if thread.read is None or new.read is None:
        return None
    both = extended(thread.read, new.read)
    if both is None:
        return None
    numbers = thread.numbers + new.numbers
    if both.messages == new.read.messages and both.tools == new.read.tools:
        return _Thread(numbers, new.records, new.read)
    return _Thread(numbers, thread.records + new.records, both)
