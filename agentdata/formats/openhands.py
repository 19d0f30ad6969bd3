"""OpenHands: the stream of events of a run, and logs of messages with and without function calls.

A turn of the model is what the model returned, where the event keeps it (`tool_call_metadata`);
else the action as a call of the tool that makes it. Events that the model never sees are no turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import Act, Dialect, read_chat, roles_of
from agentdata.formats.common.rows import ChatMessage, Row
from agentdata.formats.common.values import check

DIALECT = Dialect(
    messages=("fncall_messages", "trajectory"),
    roles={
        "system": Act.SYSTEM,
        "user": Act.USER,
        "assistant": Act.ASSISTANT,
        "tool": Act.TOOL,
    },
)
PASSED_OVER = "event_passed_over"
"""Warning: an event of a kind that is no turn as far as is known."""
_STREAMS = ("history", "trajectory", "events", "records")
_SILENT = frozenset(
    {
        "agent_state_changed",
        "change_agent_state",
        "condensation",
        "condensation_request",
        "null",
        "pause",
        "recall",
        "resume",
        "start",
        "stop",
    }
)
_TOOLS = {
    "run": ("execute_bash", ("command",)),
    "run_ipython": ("execute_ipython_cell", ("code",)),
    "browse": ("browse", ("url",)),
    "browse_interactive": ("browser", ("browser_actions",)),
    "finish": ("finish", ("outputs", "final_thought", "task_completed")),
}
"""{action: the tool that makes it and its arguments}; other actions are tools by themselves."""
_NO_ARGUMENTS = frozenset(
    {"action", "action_risk", "confirmation_state", "id", "is_confirmed", "thought", "timestamp"}
)


class OpenHandsRow(Row):
    """A row of `openhands`: events (or pairs of action and observation) under one of the first
    four keys, or the messages of a call of the model."""

    history: list[dict[str, Any] | list[Any]] | None = None
    trajectory: list[dict[str, Any] | list[Any]] | None = None
    events: list[dict[str, Any] | list[Any]] | None = None
    records: list[dict[str, Any]] | None = None
    fncall_messages: list[ChatMessage] | None = None
    response: dict[str, Any] | None = None


class _Messages(Row):
    """What the events came to, or a row of messages."""

    fncall_messages: list[ChatMessage] | None = None
    trajectory: list[ChatMessage] | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by events that are an action or an observation, by pairs of both, or by a log of
    messages with function calls; messages under `trajectory` can be read."""
    if _is_event(row):
        return Fit.MARKED
    if isinstance(row.get("fncall_messages"), list) and roles_of(row, DIALECT):
        return Fit.MARKED
    key = _stream_key(row)
    if key is not None:
        return Fit.MARKED
    return Fit.READABLE if roles_of(row, DIALECT) else Fit.NO


def session(record: dict[str, Any]) -> str | None:
    """A file whose records are events is one conversation."""
    return "file" if _is_event(record) else None


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError: `no_messages`, and those of messages."""
    check(OpenHandsRow, row)
    key = _stream_key(row)
    if key is None:
        return _read_chat(_log(row))
    stream = _Stream()
    for event in _events(row[key]):
        stream.read(event)
    if not stream.messages:
        raise RowError("no_messages", "no event is a turn", pointer=f"/{key}")
    chat = {"id": row.get("id"), "tools": stream.tools, "trajectory": stream.messages}
    conversation = _read_chat(chat)
    return replace(conversation, warnings=(*conversation.warnings, *stream.warnings))


def _read_chat(row: dict[str, Any]) -> Conversation:
    check(_Messages, row)
    return read_chat(row, DIALECT)


def _is_event(value: Any) -> bool:
    if not isinstance(value, dict) or "role" in value:
        return False
    kinds = [value.get("action"), value.get("observation")]
    return isinstance(kinds[0], str) != isinstance(kinds[1], str)


def _stream_key(row: dict[str, Any]) -> str | None:
    """The key of the list of events, None where there is none."""
    for key in _STREAMS:
        events = row.get(key)
        if isinstance(events, list) and events and all(map(_is_element, events)):
            return key
    return None


def _is_element(value: Any) -> bool:
    return _is_event(value) or (
        isinstance(value, list) and bool(value) and all(map(_is_event, value))
    )


def _events(elements: list[Any]) -> Iterator[dict[str, Any]]:
    for element in elements:
        yield from element if isinstance(element, list) else (element,)


def _log(row: dict[str, Any]) -> dict[str, Any]:
    """A log of a call of the model as a row of messages: what went in, and what came back."""
    if not isinstance(row.get("fncall_messages"), list):
        return row
    answer = _answer_of(row.get("fncall_response") or row.get("response"))
    messages = [*row["fncall_messages"], *([answer] if answer else [])]
    options = row.get("kwargs")
    given = options.get("tools") if isinstance(options, dict) else None
    return {**row, "fncall_messages": messages, "tools": row.get("tools") or given}


def _answer_of(response: Any) -> dict[str, Any] | None:
    """The message that a model returned."""
    choices = response.get("choices") if isinstance(response, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(message, dict):
        return None
    return {**message, "role": "assistant"}


class _Stream:
    """The messages of a stream while its events are read."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.tools: Any = None
        self.warnings: list[str] = []
        self.returned: set[str] = set()
        self.waiting = 0

    def read(self, event: dict[str, Any]) -> None:
        args = event["args"] if isinstance(event.get("args"), dict) else event
        kind = event.get("action") or event.get("observation")
        if kind in _SILENT:
            return
        if isinstance(event.get("observation"), str):
            self._observe(event)
        elif kind == "system":
            self._add("system", args.get("content"))
            self.tools = args.get("tools")
        elif kind == "message":
            self._say(event, args)
        elif event.get("source") in (None, "agent"):
            self._act(event, args, str(kind))
        else:
            self.warnings.append(PASSED_OVER)

    def _add(self, role: str, content: Any, **more: Any) -> None:
        self.messages.append({"role": role, "content": content, **more})

    def _say(self, event: dict[str, Any], args: dict[str, Any]) -> None:
        source = event.get("source")
        if source is None:
            # Early streams do not say who speaks: the user begins, then both by turns.
            last = self.messages[-1]["role"] if self.messages else "assistant"
            source = "user" if last == "assistant" else "agent"
        if source == "agent":
            answer = self._returned(event)
            if answer is not None:
                self.messages.append(answer)
            else:
                self._add("assistant", args.get("content"))
            self.waiting = 0
            return
        images = args.get("image_urls") or args.get("images_urls") or []
        parts = [{"type": "image_url", "image_url": {"url": url}} for url in images]
        text = args.get("content")
        self._add("user", [{"type": "text", "text": text or ""}, *parts] if parts else text)
        self.waiting = 0

    def _act(self, event: dict[str, Any], args: dict[str, Any], kind: str) -> None:
        metadata = event.get("tool_call_metadata")
        if isinstance(metadata, dict):
            key = str(_id_of(metadata))
            if key in self.returned:
                return
            answer = self._returned(event)
            if answer is not None and answer.get("tool_calls"):
                self.returned.add(key)
                self.messages.append(answer)
                self.waiting = len(answer["tool_calls"])
                return
        call_id = metadata.get("tool_call_id") if isinstance(metadata, dict) else None
        name, keys = _TOOLS.get(kind, (kind, None))
        if isinstance(metadata, dict) and isinstance(metadata.get("function_name"), str):
            name = metadata["function_name"]
        arguments = {
            key: value
            for key, value in args.items()
            if value not in (None, {}, "")
            and (key in keys if keys is not None else key not in _NO_ARGUMENTS)
        }
        call = {"id": call_id, "function": {"name": name, "arguments": arguments}}
        self._add("assistant", args.get("thought"), tool_calls=[call])
        self.waiting = 1

    def _returned(self, event: dict[str, Any]) -> dict[str, Any] | None:
        metadata = event.get("tool_call_metadata")
        return _answer_of(metadata.get("model_response")) if isinstance(metadata, dict) else None

    def _observe(self, event: dict[str, Any]) -> None:
        metadata = event.get("tool_call_metadata")
        content = event.get("content")
        if isinstance(metadata, dict) and metadata.get("tool_call_id"):
            name = metadata.get("function_name")
            self._add("tool", content, tool_call_id=metadata["tool_call_id"], name=name)
        else:
            self._add("tool" if self.waiting else "user", content)
        self.waiting = max(0, self.waiting - 1)


def _id_of(metadata: dict[str, Any]) -> Any:
    response = metadata.get("model_response")
    found = response.get("id") if isinstance(response, dict) else None
    return found or metadata.get("tool_call_id")


FORMAT = Format(
    name="openhands",
    summary="OpenHands: streams of actions and observations, logs with fncall_messages",
    row_model=OpenHandsRow,
    detect=detect,
    read=read,
    session=session,
)
