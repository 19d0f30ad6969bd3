"""Reference texts of all agent templates, of ours and of others, read back to the calls in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from agentdata import formats
from agentdata.conversation import ToolSpec
from agentdata.templates.agent_templates import get_agent_template
from agentdata.templates.parsing.wire import read_text

pytestmark = pytest.mark.parity

# Rows whose own texts write calls, in words of some template.
WRITTEN_OUT = re.compile(r"react_text|qwen_fn_text|hermes_text|agentflan_query|message_loss_flags")
CANNOT_EXPRESS = {"minimax_m3": ("edge/system_text_then_call", "edge/whitespace_and_quotes")}
"""MiniMax-M3 writes neither null nor an empty list."""


def wanted(tools: tuple[ToolSpec, ...]) -> Any:
    texts = {
        (tool.name, key)
        for tool in tools
        for key, schema in ((tool.parameters or {}).get("properties") or {}).items()
        if schema.get("type") == "string"
    }
    return lambda number, name, key: (name, key) in texts


def test_calls_of_reference_texts(shared: Path) -> None:
    wrong: list[str] = []
    names: set[str] = set()
    for line in (shared / "parity" / "templates.jsonl").read_bytes().splitlines():
        case = orjson.loads(line)
        name = case["agent_template"]
        names.add(name)
        _, _, row = case["case"].partition("/")
        if WRITTEN_OUT.search(row) or row.startswith(CANNOT_EXPRESS.get(name, ("-",))):
            continue
        conversation = formats.get("swift").read(case["row"])
        calls = [call for message in conversation.messages for call in message.tool_calls]
        wire = get_agent_template(name).wire
        assert wire is not None
        texts = [case["text"][start:end] for start, end, weight in case["weights"] if weight]
        parsed = [read_text(wire, text, wanted(conversation.tools))[0] for text in texts]
        read = [call for one in parsed for call in one.tool_calls]
        if [(c.name, c.arguments) for c in read] != [(c.name, c.arguments) for c in calls]:
            wrong.append(case["case"])
    assert wrong == []
    assert len(names) > 30
