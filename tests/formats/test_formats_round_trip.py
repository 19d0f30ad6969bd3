"""Reading, writing as `openai` and reading again gives the same conversation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from agentdata.conversation import Conversation
from agentdata.errors import AgentDataError, RowError
from agentdata.formats import FORMATS, get
from agentdata.intake import COMPANION, UNKNOWN_FORMAT, plan_tasks, read_rows, read_unnamed
from agentdata.json_text import dumps, loads

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*/*.json"))


def again(conversation: Conversation) -> Conversation:
    """The conversation after a stay in an `openai` row, through its text."""
    openai = get("openai")
    assert openai.write is not None
    return openai.read(loads(dumps(openai.write(conversation, []))))


def comparable(conversation: Conversation) -> Conversation:
    # Warnings tell of the first reading, and parts of nothing but text are one text.
    messages = tuple(
        message
        if any(part.type != "text" for part in message.content if not isinstance(part, str))
        else replace(message, content=message.text)
        for message in conversation.messages
    )
    return replace(conversation, warnings=(), messages=messages)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_golden_row_comes_back(path: Path) -> None:
    conversation = FORMATS[path.parent.name].read(loads(path.read_bytes())["row"])
    assert comparable(again(conversation)) == comparable(conversation)


@pytest.mark.parity
def test_every_real_row_comes_back(shared: Path) -> None:
    seen, changed = Counter[str](), Counter[str]()
    for folder in sorted(path for path in (shared / "data").iterdir() if path.is_dir()):
        sources = [str(folder), *map(str, sorted(folder.rglob("*.txt")))]
        try:
            tasks = plan_tasks(sources)
        except AgentDataError:
            continue  # no conversations there
        for task in tasks:
            if task.format in (COMPANION, UNKNOWN_FORMAT):
                continue
            for raw in read_rows(task):
                try:
                    conversation = read_unnamed(raw, task)
                except RowError:
                    continue
                seen[task.format] += 1
                if comparable(again(conversation)) != comparable(conversation):
                    changed[f"{task.unit.path.relative_to(shared)}:{raw.line}"] += 1
    assert not changed
    assert seen.total() > 2000
