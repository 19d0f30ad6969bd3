"""What is wrong with a row of a provider's API, and where; and whose rows are whose."""

from __future__ import annotations

from typing import Any

import pytest

from agentdata.errors import RowError
from agentdata.formats import detect, get

ASK = {"role": "user", "content": "q"}


def claude(*blocks: Any) -> dict[str, Any]:
    return {"messages": [ASK, {"role": "assistant", "content": list(blocks)}]}


def items(*found: Any) -> dict[str, Any]:
    return {"input": [ASK, *found]}


def parts(*found: Any, role: str = "model") -> dict[str, Any]:
    return {"contents": [{"role": role, "parts": list(found)}]}


def blocks(*found: Any) -> dict[str, Any]:
    return {"messages": [{"role": "assistant", "content": list(found)}]}


PDF = {"type": "base64", "media_type": "application/pdf", "data": "eA=="}

# (format, row, code, pointer)
FAULTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("anthropic", {"messages": []}, "no_messages", "/messages"),
    ("anthropic", {"messages": [{"role": "tool", "content": "x"}]}, "unknown_role", "/messages/0/role"),
    ("anthropic", {"messages": [{"role": "user", "content": 3}]}, "bad_content", "/messages/0/content"),
    ("anthropic", claude({"type": "tool_use", "input": {}}), "bad_tool_call", "/messages/1/content/0"),
    ("anthropic", claude({"type": "hologram"}), "unknown_part", "/messages/1/content/0"),
    ("anthropic", claude({"type": "text"}), "bad_content", "/messages/1/content/0/text"),
    ("anthropic", claude({"type": "document", "source": PDF}), "media_unsupported", "/messages/1/content/0"),
    ("anthropic", claude({"type": "image"}), "bad_media", "/messages/1/content/0"),
    ("anthropic", {"messages": [ASK], "tools": [{"input_schema": 1, "x": 2}]}, "bad_tool", "/tools/0"),
    ("responses", items({"type": "hologram"}), "unknown_item", "/input/1"),
    ("responses", items({"type": "function_call", "arguments": "{}"}), "bad_tool_call", "/input/1"),
    ("responses", items({"role": "tool", "content": "x"}), "unknown_role", "/input/1/role"),
    ("responses", items({"role": "user", "content": [{"type": "x"}]}), "unknown_part", "/input/1/content/0"),
    ("responses", {"text": 'data: {"type": "response.created"}\n\n'}, "broken_stream", "/text"),
    ("responses", {"object": "response", "output": []}, "no_model_turn", "/output"),
    ("gemini", parts({"hologram": 1, "text": 3}), "unknown_part", "/contents/0/parts/0"),
    ("gemini", parts({"functionCall": {"args": {}}}), "bad_tool_call", "/contents/0/parts/0"),
    ("gemini", parts({"text": "x"}, role="critic"), "unknown_role", "/contents/0/role"),
    ("gemini", parts({"inlineData": {"mimeType": "application/pdf", "data": "eA=="}}), "media_unsupported", "/contents/0/parts/0"),
    ("bedrock", blocks({"toolUse": {"input": {}}}), "bad_tool_call", "/messages/0/content/0"),
    ("bedrock", blocks({"hologram": {}}), "unknown_part", "/messages/0/content/0"),
    ("bedrock", blocks({"document": {"format": "pdf", "source": {"bytes": "eA=="}}}), "media_unsupported", "/messages/0/content/0/document"),
    ("harmony", {"text": "<|start|>user<|message|>q<|end|><|start|>assistant"}, "no_model_turn", "/text"),
    ("harmony", {"messages": [{"role": "critic", "content": "x"}]}, "unknown_role", "/messages/0/role"),
    ("claude_code", {"silly": 1}, "unknown_event", "/type"),
    ("claude_code", {"type": "user", "message": "x"}, "broken_event", "/message"),
    ("exchange", {"request": {}, "response": {"message": {"role": "assistant", "tool_calls": [3]}}}, "bad_tool_call", "/response"),
    ("exchange", {"request": {"messages": [{"role": "x"}]}, "response": {"choices": [{"message": {"role": "assistant"}}]}}, "unknown_role", "/request/messages/0/role"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "code", "pointer"), FAULTS)
def test_fault(name: str, row: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(RowError) as caught:
        get(name).read(row)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


TEXT = {"role": "user", "content": [{"type": "text", "text": "q"}]}
SCHEMA = {"name": "f", "input_schema": {"type": "object"}}

# (rows, format)
SHAPES: list[tuple[list[dict[str, Any]], str]] = [
    ([{"messages": [ASK, {"role": "assistant", "content": "a"}]}], "openai"),
    ([{"messages": [TEXT], "system": "s"}], "openai"),
    ([{"messages": [ASK]}] * 9 + [claude({"type": "tool_use", "name": "f", "input": {}})], "anthropic"),
    ([{"messages": [ASK], "tools": [SCHEMA]}], "anthropic"),
    ([{"messages": [ASK], "system": [{"type": "text", "text": "s"}]}], "anthropic"),
    ([{"messages": [{"role": "user", "content": [{"text": "q"}]}], "inferenceConfig": {"topP": 1}}], "bedrock"),
    ([blocks({"toolUse": {"toolUseId": "u", "name": "f", "input": {}}})], "bedrock"),
    ([parts({"text": "q"}, role="user")], "gemini"),
    ([{"candidates": [{"content": {"parts": [{"text": "a"}]}}]}], "gemini"),
    ([items({"type": "function_call_output", "call_id": "c", "output": "r"})], "responses"),
    ([{"messages": [{"role": "assistant", "channel": "final", "content": "a"}]}], "harmony"),
    ([{"text": "<|start|>user<|message|>q<|end|>"}], "harmony"),
    ([{"request": {"body": {"messages": [ASK]}}, "response": {"body": {"choices": [{"message": {"role": "assistant", "content": "a"}}]}}}], "exchange"),
    ([{"method": "GET", "uri": "u", "request": None, "response": "text"}], "exchange"),
    ([{"type": "user", "uuid": "u", "message": {"role": "user", "content": "q"}}], "claude_code"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), SHAPES)
def test_shape(rows: list[dict[str, Any]], expected: str) -> None:
    assert detect(rows) == expected


@pytest.mark.parametrize(
    "row",
    [
        {"input": "q", "output": "a", "instruction": "i"},
        {"request": "q", "response": "a"},
        {"text": "plain words"},
        {"contents": "words"},
        {"type": "user", "message": "words"},
        {"candidates": ["a", "b"]},
    ],
)
def test_rows_that_only_look_like_it_are_left_alone(row: dict[str, Any]) -> None:
    names = ("anthropic", "bedrock", "claude_code", "exchange", "gemini", "harmony", "responses")
    assert not any(get(name).detect(row) for name in names)
