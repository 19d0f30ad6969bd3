"""A conversation gets its place in the data, and loses nothing by it."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from agentdata.conversation import Conversation, Media, Message, NativeTurn, ToolSpec
from agentdata.intake.conversations import _named
from agentdata.sources import RawRow, WorkUnit

WHOLE = Conversation(
    id="a",
    messages=(Message("user", "b"),),
    tools=(ToolSpec("c", "", None, {}),),
    media=(Media("image", "d"),),
    source="e",
    native=(NativeTurn("user", ()),),
    warnings=("f",),
    meta={"g": 1},
)
UNIT = WorkUnit(Path("x/y.jsonl"), "lines", 0, 0, 1)


def test_all_but_the_source_stays() -> None:
    assert all(getattr(WHOLE, field.name) for field in fields(WHOLE))
    assert _named(WHOLE, RawRow({}, 3), UNIT) == replace(WHOLE, source="x/y.jsonl")


def test_one_without_an_id_is_named_by_its_line_and_drawn_by_its_content() -> None:
    named = _named(replace(WHOLE, id=""), RawRow({"h": 1}, 3, part="/0"), UNIT)
    key = named.meta["split_key"]
    assert len(key) == 64
    assert named == replace(
        WHOLE, id="y.jsonl:3/0", source="x/y.jsonl", meta=WHOLE.meta | {"split_key": key}
    )
