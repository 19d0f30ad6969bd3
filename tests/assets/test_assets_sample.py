"""The bundled sample: good rows of every format, and a few that are broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agentdata import formats
from agentdata.assets import sample_dir
from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.sources import BadRow, expand, plan, read_unit

FILES = {
    "openai.jsonl": ("openai", 28, ["bad_json", "unknown_role"]),
    "swift.jsonl": ("swift", 23, ["bad_tool_call", "not_an_object"]),
    "sharegpt.json": ("sharegpt", 18, ["no_messages"]),
    "msagent.jsonl": ("msagent", 18, ["bad_tool_call"]),
    "msagent_react.jsonl": ("msagent_react", 14, []),
}


def read(path: Path) -> tuple[str, list[Conversation], list[str]]:
    """The format found, the conversations, and the codes of the rejects, all in order."""
    rows = [row for unit in plan([path]) for row in read_unit(unit)]
    values = [row.value for row in rows if not isinstance(row, BadRow)]
    name = formats.detect(values)
    good, rejects = [], []
    for row in rows:
        if isinstance(row, BadRow):
            rejects.append(row.code)
            continue
        try:
            good.append(formats.get(name).read(row.value))
        except RowError as error:
            rejects.append(error.code)
    return name, good, rejects


@pytest.fixture(scope="module")
def conversations() -> list[Conversation]:
    return [c for path in expand([str(sample_dir())]) for c in read(path)[1]]


@pytest.mark.parametrize(("file", "expected"), FILES.items())
def test_each_file_is_read_as_its_format(file: str, expected: tuple[str, int, list[str]]) -> None:
    name, good, rejects = read(sample_dir() / file)
    assert (name, len(good), rejects) == expected


def test_every_format_has_a_file() -> None:
    assert {name for name, _, _ in FILES.values()} == set(formats.FORMATS)
    assert {path.name for path in sample_dir().iterdir()} == set(FILES)


def test_the_sample_stays_small() -> None:
    assert sum(path.stat().st_size for path in sample_dir().iterdir()) < 400_000


def test_good_rows_have_ids_of_their_own_and_no_warnings(conversations: list[Conversation]) -> None:
    ids = [c.id for c in conversations]
    assert all(ids)
    assert len(set(ids)) == len(ids) >= 80
    assert [c.id for c in conversations if c.warnings] == []


def test_calls_name_tools_on_offer(conversations: list[Conversation]) -> None:
    for c in conversations:
        offered = {tool.name for tool in c.tools}
        called = {call.name for message in c.messages for call in message.tool_calls}
        assert called <= offered, c.id


def test_calls_give_the_arguments_that_their_tool_asks_for(
    conversations: list[Conversation],
) -> None:
    for c in conversations:
        schemas = {tool.name: tool.parameters or {} for tool in c.tools}
        for call in (call for message in c.messages for call in message.tool_calls):
            assert isinstance(call.arguments, dict), c.id
            schema = schemas[call.name]
            assert set(schema.get("required", [])) <= call.arguments.keys(), c.id
            assert call.arguments.keys() <= schema.get("properties", {}).keys(), c.id


def test_every_row_ends_with_the_model(conversations: list[Conversation]) -> None:
    assert [c.id for c in conversations if c.messages[-1].role != "assistant"] == []


SEEN: dict[str, Callable[[Conversation], bool]] = {
    "parallel calls": lambda c: any(len(m.tool_calls) > 1 for m in c.messages),
    "calls one after the other": lambda c: sum(bool(m.tool_calls) for m in c.messages) > 1,
    "several user turns": lambda c: sum(m.role == "user" for m in c.messages) > 1,
    "reasoning": lambda c: any(m.reasoning for m in c.messages),
    "empty reasoning": lambda c: any(m.reasoning == "" for m in c.messages),
    "a tool's error": lambda c: any(
        m.role == "tool" and '"error"' in m.text.replace("'", '"') for m in c.messages
    ),
    "no tools": lambda c: not c.tools,
    "tools that nobody calls": lambda c: (
        bool(c.tools) and not any(m.tool_calls for m in c.messages)
    ),
    "text before a call": lambda c: any(m.tool_calls and m.text for m in c.messages),
    "Chinese": lambda c: any("一" <= char <= "鿿" for m in c.messages for char in m.text),
    "emoji": lambda c: any(ord(char) > 0x1F300 for m in c.messages for char in m.text),
    "nested arguments": lambda c: any(
        isinstance(value, dict | list)
        for m in c.messages
        for call in m.tool_calls
        for value in (call.arguments.values() if isinstance(call.arguments, dict) else ())
    ),
    "loss set by the row": lambda c: any(m.loss is not None for m in c.messages),
    "a weight set by the row": lambda c: any(m.loss_scale is not None for m in c.messages),
}


@pytest.mark.parametrize("what", SEEN)
def test_the_sample_shows(what: str, conversations: list[Conversation]) -> None:
    assert any(SEEN[what](c) for c in conversations)
