"""The bodies of a recorded call, however the recorder keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agentdata.formats.common.sse import read_events
from agentdata.formats.common.values import json_or_none

_PAIRS = (
    ("request", "response"),
    ("request_sample", "response_sample"),
    ("request_stream", "response_stream"),
    ("request_body", "response_body"),
    ("req", "res"),
)
# VCR and inline snapshots; recorders of gRPC; VCR's text; HAR.
_INNER = ("body", "json", "chunks_json", "string", "postData", "text")
_WHERE = ("uri", "url", "path", "endpoint")


@dataclass(frozen=True, slots=True)
class Body:
    """The value of a body: an object, the events of a stream, or None; and its JSON pointer."""

    value: dict[str, Any] | list[dict[str, Any]] | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Pair:
    """The bodies of a request and its response."""

    request: Body
    response: Body


def pair_of(record: dict[str, Any]) -> Pair | None:
    """The bodies in a record; None where it has no pair of a request and a response.

    Raises RowError `broken_stream`.
    """
    for asked, answered in _PAIRS:
        if asked in record and answered in record:
            return Pair(_body(record[asked], f"/{asked}"), _body(record[answered], f"/{answered}"))
    response = record.get("response")
    if isinstance(record.get("messages"), list) and isinstance(response, dict):
        # A log of a gateway: the response lies in the request (LiteLLM).
        asking = {key: value for key, value in record.items() if key != "response"}
        return Pair(Body(asking, ""), _body(response, "/response"))
    return None


def is_call(record: dict[str, Any]) -> bool:
    """Whether a record says where a request went and how."""
    request = record.get("request")
    holders = [record, request] if isinstance(request, dict) else [record]
    return any(
        isinstance(holder.get("method"), str)
        and any(isinstance(holder.get(k), str) for k in _WHERE)
        for holder in holders
    )


def _body(value: Any, pointer: str) -> Body:
    if isinstance(value, dict):
        for key in _INNER:
            inner = value.get(key)
            # A body of its own may have keys of these names; it has others that say what it is.
            if isinstance(inner, dict | list | str) and not ("model" in value or "id" in value):
                return _body(inner, f"{pointer}/{key}")
        content = value.get("content")
        if isinstance(content, dict) and "mimeType" in content:
            return _body(content.get("text"), f"{pointer}/content/text")
        return Body(value, pointer)
    if isinstance(value, str):
        return Body(_of_text(value.strip(), pointer), pointer)
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return Body(value, pointer)
    return Body(None, pointer)


def _of_text(text: str, pointer: str) -> dict[str, Any] | list[dict[str, Any]] | None:
    if text.startswith("{"):
        value = json_or_none(text)
        if isinstance(value, dict):
            return value
    if text.startswith(("{", "data:", "event:", ":", "id:")):
        return list(read_events(text, pointer))
    if text.startswith("["):
        value = json_or_none(text)
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return value
    return None
