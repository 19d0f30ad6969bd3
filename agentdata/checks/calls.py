"""Calls and their results, and the tools that are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from agentdata.checks.base import CheckGroup, Finding
from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec


@dataclass(slots=True)
class _Open:
    """The calls that wait for their results: the indexes of message and call, and the call."""

    calls: list[tuple[int, int, ToolCall]] = field(default_factory=list)
    results: int = 0

    def take(self, message: Message) -> bool:
        """Whether the result answers one of the calls, which then waits no more."""
        self.results += 1
        calls, answered = self.calls, message.tool_call_id
        if not calls:
            return False
        place = 0
        if answered is not None:
            ids = [call.id for _, _, call in calls]
            if ids.count(None) < len(ids):
                if answered not in ids:
                    return False
                place = ids.index(answered)
        del calls[place]
        return True

    def close(self) -> list[Finding]:
        """The calls that got no result. One result without an id may answer several."""
        calls, results = self.calls, self.results
        self.results = 0
        if not calls:
            return []
        self.calls = []
        if results == 1 and all(call.id is None for _, _, call in calls):
            return []
        return [
            Finding(
                "call_without_result", f"{call.name} was never answered", _pointer(index, number)
            )
            for index, number, call in calls
        ]


def _run(conversation: Conversation) -> Iterator[Finding]:
    waiting = _Open()
    made: list[tuple[int, int, ToolCall]] = []
    before = None
    for index, message in enumerate(conversation.messages):
        role = message.role
        calls: list[tuple[int, int, ToolCall]] = []
        if message.tool_calls:
            calls = [(index, number, call) for number, call in enumerate(message.tool_calls)]
            made += calls
        if role == "tool":
            if not waiting.take(message):
                yield Finding(
                    "result_without_call", "no call waits for this result", f"/messages/{index}"
                )
        elif role != "system":
            if not (before == "assistant" and calls):
                yield from waiting.close()
            waiting.calls += calls
        if role != "system":
            before = role
    # A row may end with the call that it teaches.
    if before != "assistant":
        yield from waiting.close()
    yield from _names(conversation.tools, made)


def _names(
    tools: Iterable[ToolSpec], calls: Iterable[tuple[int, int, ToolCall]]
) -> Iterator[Finding]:
    offered: set[str] = set()
    for index, tool in enumerate(tools):
        if tool.name in offered:
            yield Finding("duplicate_tool", f"{tool.name} is offered twice", f"/tools/{index}")
        offered.add(tool.name)
    ids: set[str] = set()
    for index, number, call in calls:
        if offered and call.name not in offered:
            what = f"{call.name} is not among the tools"
            yield Finding("unknown_tool", what, _pointer(index, number))
        if call.id is not None:
            if call.id in ids:
                what = f"a second call has id {call.id}"
                yield Finding("duplicate_call_id", what, _pointer(index, number))
            ids.add(call.id)


def _pointer(index: int, number: int) -> str:
    return f"/messages/{index}/tool_calls/{number}"


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
