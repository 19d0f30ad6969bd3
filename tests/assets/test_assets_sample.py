"""The bundled sample: good rows of every format, and a few that are broken on purpose."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentdata import formats
from agentdata.assets import sample_dir
from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.formats.common.chat import REJECTED_PASSED_OVER
from agentdata.intake import COMPANION, Task, plan_tasks, read_conversation, read_rows

BROKEN = {
    "msagent": ["bad_tool_call"],
    "openai": ["bad_json", "unknown_role"],
    "sharegpt": ["no_messages"],
    "swift": ["bad_tool_call", "not_an_object"],
}
"""What the rows that are broken on purpose are rejected for."""
FULL = ("msagent", "msagent_react", "openai", "sharegpt", "swift")
"""Formats with many rows; of the others there are a few."""
TOOLS_NOT_IN_ROWS = {
    *(
        "adp",
        "ai_sdk",
        "android_control",
        "android_in_the_wild",
        "api_bank",
        "api_bank_prompts",
        "autogen",
        "claude_code",
        "codeact",
        "llava_plus",
        "mini_swe_agent",
        "react",
    ),
    *("swe_agent", "t_eval", "tau2", "web_steps"),
}
"""Formats whose rows call tools that they do not describe."""


def read(task: Task) -> tuple[list[Conversation], list[str]]:
    """The conversations, and the codes of the rejects, in order."""
    good, rejects = [], []
    for row in read_rows(task):
        try:
            good.append(read_conversation(row, task))
        except RowError as error:
            rejects.append(error.code)
    return good, rejects


@pytest.fixture(scope="module")
def by_format() -> dict[str, tuple[list[Conversation], list[str]]]:
    """What each format's file or folder gives; every file has the format that it is named for."""
    found: dict[str, tuple[list[Conversation], list[str]]] = {}
    for task in plan_tasks([str(sample_dir())]):
        if task.format == COMPANION:
            continue
        place = task.unit.path.relative_to(sample_dir()).parts[0].partition(".")[0]
        assert task.format == place, task
        conversations, rejects = found.setdefault(place, ([], []))
        good, bad = read(task)
        conversations += good
        rejects += bad
    return found


@pytest.fixture(scope="module")
def conversations(
    by_format: dict[str, tuple[list[Conversation], list[str]]],
) -> list[Conversation]:
    return [c for good, _ in by_format.values() for c in good]


def test_every_format_has_rows_and_only_those_broken_on_purpose_are_rejected(
    by_format: dict[str, tuple[list[Conversation], list[str]]],
) -> None:
    assert by_format.keys() == formats.FORMATS.keys()
    assert {name: bad for name, (_, bad) in by_format.items() if bad} == BROKEN
    for name, (good, _) in by_format.items():
        assert len(good) >= (14 if name in FULL else 1), name


def test_the_sample_stays_small() -> None:
    assert sum(path.stat().st_size for path in sample_dir().rglob("*")) < 400_000


def test_good_rows_have_ids_of_their_own_and_no_warnings(conversations: list[Conversation]) -> None:
    ids = [c.id for c in conversations]
    assert all(ids)
    assert len(set(ids)) == len(ids) >= 180
    said = {warning for c in conversations for warning in c.warnings}
    assert said == {REJECTED_PASSED_OVER}, "rows of preferences tell of the other answer"


def test_calls_name_tools_on_offer_and_give_the_arguments_that_those_ask_for(
    by_format: dict[str, tuple[list[Conversation], list[str]]],
) -> None:
    for name, (good, _) in by_format.items():
        for c in good if name not in TOOLS_NOT_IN_ROWS else ():
            schemas = {tool.name: tool.parameters or {} for tool in c.tools}
            for call in (call for message in c.messages for call in message.tool_calls):
                assert call.name in schemas, c.id
                assert isinstance(call.arguments, dict), c.id
                schema = schemas[call.name]
                assert set(schema.get("required", [])) <= call.arguments.keys(), c.id
                if "properties" in schema:
                    assert call.arguments.keys() <= schema["properties"].keys(), c.id


def test_no_row_ends_with_the_user(conversations: list[Conversation]) -> None:
    assert [c.id for c in conversations if c.messages[-1].role == "user"] == []


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
