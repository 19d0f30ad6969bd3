"""OpenAI Responses: rows of items, requests with what came of them, and streams of events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.carried import read_carried
from agentdata.formats.common.items import MARKS, is_item, read_item
from agentdata.formats.common.rows import JsonList, Row
from agentdata.formats.common.sse import read_events
from agentdata.formats.common.talk import Talk
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check, row_id

RESPONSE_ID, PREVIOUS_ID, STORED = "response_id", "previous_response_id", "conversation"
_ITEMS = ("input", "items", "messages", "output")


class ResponsesRow(Row):
    """A row of `responses`: a request body, a response body, both in one, or the text of a
    stream."""

    input: str | JsonList | None = None
    items: JsonList | None = None
    messages: JsonList | None = None
    output: JsonList | None = None
    instructions: str | JsonList | None = None
    text: Any = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by items of calls, outputs and reasoning, or as the body of a response."""
    if is_response(row) or _stream(row):
        return Fit.MARKED
    lists = [row[key] for key in _ITEMS if isinstance(row.get(key), list) and row[key]]
    if not lists or not all(is_item(item) for items in lists for item in items):
        return Fit.NO
    kinds = {item.get("type") for items in lists for item in items}
    if not MARKS.isdisjoint(kind for kind in kinds if isinstance(kind, str)):
        return Fit.MARKED
    return Fit.READABLE if "messages" not in row and not kinds.isdisjoint(("message",)) else Fit.NO


def is_response(value: Any) -> bool:
    """Whether a value is the body of a response."""
    return (
        isinstance(value, dict)
        and value.get("object") == "response"
        and isinstance(value.get("output"), list)
    )


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    stream = _stream(row)
    if stream:
        response = from_events(read_events(stream, "/text"))
        if response is None or is_pending(response):
            raise RowError("broken_stream", "the stream has no completed response", pointer="/text")
        return read_pair({}, response)
    check(ResponsesRow, row)
    if is_response(row) and "input" not in row:
        return read_pair({}, row)
    return read_pair(row, row if isinstance(row.get("output"), list) else None)


def read_pair(
    request: dict[str, Any], response: dict[str, Any] | None, at: tuple[str, str] = ("", "")
) -> Conversation:
    """The conversation of a request and the response to it; `at` are their pointers.

    Raises RowError.
    """
    talk = Talk()
    body, where = (request, at[0]) if request else (response or {}, at[1])
    listed: list[Any] = []
    _read_all(body.get("instructions"), f"{where}/instructions", talk, listed, "system")
    for key in _ITEMS[:-1]:
        _read_all(request.get(key), f"{at[0]}/{key}", talk, listed, "user")
    if response is not None:
        talk.close()
        talk.spoke = False
        _read_all(response.get("output"), f"{at[1]}/output", talk, listed, "assistant")
        talk.check_turn(f"{at[1]}/output")
    for key in (PREVIOUS_ID, STORED):
        value = request.get(key)
        value = value.get("id") if isinstance(value, dict) else value
        if isinstance(value, str):
            talk.meta[key] = value
    if response is not None and isinstance(response.get("id"), str):
        talk.meta[RESPONSE_ID] = response["id"]
    tools = read_tools(body.get("tools"), f"{where}/tools")
    return talk.conversation(
        row_id(request), (*tools, *listed), read_carried(request), where=f"{at[0]}/input"
    )


def _read_all(value: Any, pointer: str, talk: Talk, tools: list[Any], role: str) -> None:
    if isinstance(value, str):
        read_item({"role": role, "content": value}, pointer, talk)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            tools += read_item(item, f"{pointer}/{index}", talk)
    elif value is not None:
        raise RowError("wrong_type", f"{pointer}: no text and no items", pointer=pointer)


def from_events(events: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The body of a response from the events of its stream: the last that they hold whole."""
    found = None
    for event in events:
        response = event.get("response")
        if isinstance(response, dict) and is_response(response):
            found = response
    return found


def is_pending(response: dict[str, Any]) -> bool:
    """Whether the body of a response is that of one which is still to come."""
    return response.get("status") in ("queued", "in_progress") and not response["output"]


def _stream(row: dict[str, Any]) -> str:
    text = row.get("text")
    if not isinstance(text, str) or not text.lstrip().startswith(("event:", "data:")):
        return ""
    return text if '"response.c' in text else ""


FORMAT = Format(
    name="responses",
    summary="OpenAI Responses: items message, reasoning, function_call, function_call_output",
    row_model=ResponsesRow,
    detect=detect,
    read=read,
)
