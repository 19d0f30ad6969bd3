"""Calls and their results, and the tools that are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from agentdata.checks.base import CheckGroup, Finding
from agentdata.conversation import Conversation, Message, ToolCall


@dataclass(slots=True)
class _Open:
    """The calls that wait for their results, with their pointers."""

    calls: list[tuple[str, ToolCall]] = field(default_factory=list)
    results: int = 0

    def take(self, message: Message) -> bool:
        """Whether the result answers one of the calls, which then waits no more."""
        self.results += 1
        ids = [call.id for _, call in self.calls]
        by_id = message.tool_call_id is not None and ids.count(None) < len(ids)
        if not ids or (by_id and message.tool_call_id not in ids):
            return False
        del self.calls[ids.index(message.tool_call_id) if by_id else 0]
        return True

    def close(self) -> list[Finding]:
        """The calls that got no result. One result without an id may answer several."""
        calls, results = self.calls, self.results
        self.calls, self.results = [], 0
        if not calls or (results == 1 and all(call.id is None for _, call in calls)):
            return []
        return [
            Finding("call_without_result", f"{call.name} was never answered", pointer)
            for pointer, call in calls
        ]


def _run(conversation: Conversation) -> Iterator[Finding]:
    waiting = _Open()
    before = None
    for index, message in enumerate(conversation.messages):
        if message.role == "tool":
            if not waiting.take(message):
                yield Finding(
                    "result_without_call", "no call waits for this result", f"/messages/{index}"
                )
        elif message.role != "system":
            if not (before == "assistant" and message.tool_calls):
                yield from waiting.close()
            for number, call in enumerate(message.tool_calls):
                waiting.calls.append((f"/messages/{index}/tool_calls/{number}", call))
        if message.role != "system":
            before = message.role
    # A row may end with the call that it teaches.
    if before != "assistant":
        yield from waiting.close()
    yield from _names(conversation)


def _names(conversation: Conversation) -> Iterator[Finding]:
    offered: set[str] = set()
    for index, tool in enumerate(conversation.tools):
        if tool.name in offered:
            yield Finding("duplicate_tool", f"{tool.name} is offered twice", f"/tools/{index}")
        offered.add(tool.name)
    ids: set[str] = set()
    for index, message in enumerate(conversation.messages):
        for number, call in enumerate(message.tool_calls):
            pointer = f"/messages/{index}/tool_calls/{number}"
            if offered and call.name not in offered:
                yield Finding("unknown_tool", f"{call.name} is not among the tools", pointer)
            if call.id is not None:
                if call.id in ids:
                    yield Finding("duplicate_call_id", f"a second call has id {call.id}", pointer)
                ids.add(call.id)


GROUP = CheckGroup(
    help={
        "call_without_result": "a call has no result, and the row goes on after it",
        "result_without_call": "a result stands where no call, or none of that id, waits for one",
        "unknown_tool": "a call names a tool that is not offered (rows without tools are not held)",
        "duplicate_tool": "two tools have the same name",
        "duplicate_call_id": "two calls of a row have the same id",
    },
    run=_run,
)
