"""Rows in Parquet are the rows of the same JSON: what Arrow pads does not get in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agentdata.conversation import Conversation
from agentdata.intake import plan_tasks, read_conversation, read_rows

TIDE = {
    "name": "tide",
    "description": "High water",
    "parameters": {"type": "object", "properties": {"port": {"type": "string"}}},
}
SUM = {
    "name": "sum",
    "description": "Adds",
    "parameters": {
        "type": "object",
        "properties": {"a": {"type": "number", "default": 1}, "b": {"enum": ["x"]}},
        "required": ["a"],
    },
}


def row(number: int, tool: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    call = {"type": "function", "function": {"name": tool["name"], "arguments": arguments}}
    return {
        "id": f"r{number}",
        "messages": [
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "1", "name": tool["name"]},
            {"role": "assistant", "content": "a", "reasoning_content": "r"},
        ],
        "tools": [{"type": "function", "function": tool}],
    }


ROWS = [row(0, TIDE, {"port": "Emden"}), row(1, SUM, {"a": 2, "b": {"c": [1, 2]}})]


def texts(value: dict[str, Any]) -> dict[str, Any]:
    """The row with its lists as JSON text, as many published tables have them."""
    return {key: v if isinstance(v, str) else json.dumps(v) for key, v in value.items()}


def read(path: Path) -> list[Conversation]:
    (task,) = plan_tasks([str(path)])
    assert task.format == "openai"
    return [read_conversation(raw, task) for raw in read_rows(task)]


@pytest.mark.parametrize("columns", [lambda r: r, texts], ids=["structs", "texts"])
def test_a_table_gives_the_conversations_of_its_rows(tmp_path: Path, columns: Any) -> None:
    table = pa.Table.from_pylist([columns(value) for value in ROWS])
    pq.write_table(table, tmp_path / "rows.parquet")
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in ROWS))
    from_table, from_lines = read(tmp_path / "rows.parquet"), read(tmp_path / "rows.jsonl")
    for one, other in zip(from_table, from_lines, strict=True):
        assert one.messages == other.messages
        assert [tool.raw for tool in one.tools] == [tool.raw for tool in other.tools]


def test_arrow_does_pad(tmp_path: Path) -> None:
    padded = pa.Table.from_pylist(ROWS).to_pylist()[0]
    assert padded["tools"][0]["function"]["parameters"]["properties"]["a"] is None
