"""Tools that are made once for many rows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentdata.conversation import Conversation, Message, ToolSpec
from agentdata.templates.jinja import load_jinja, tools
from agentdata.templates.jinja.messages import Forms
from agentdata.templates.jinja.tools import Tools
from agentdata.templates.prompt import Kind

TEMPLATE = load_jinja(
    "{% for t in tools or [] %}{{ t|tojson }}{{ t|tojson(indent=2) }}{% endfor %}"
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def row(*values: Any) -> Conversation:
    specs = tuple(
        ToolSpec("f", "", None, {"name": "f", "description": "", "least": value})
        for value in values
    )
    said = (Message("user", "Hi."), Message("assistant", "Ho."))
    return Conversation("r", said, specs)


def test_each_tool_is_written_as_it_stands_though_others_are_equal_to_it() -> None:
    for value in (1, 1.0, True, 0, False, -0.0, 0.0, "1", None, [1], [1.0], {"a": 1, "b": 2}):
        for conversation in (row(value), row(value, value), row({"b": 2, "a": 1}, value)):
            written = [
                "".join([json.dumps(raw), json.dumps(raw, indent=2)])
                for raw in (
                    {"type": "function", "function": tool.raw} for tool in conversation.tools
                )
            ]
            prompt = TEMPLATE.render(conversation)
            said = [segment.text for segment in prompt.segments if segment.kind is Kind.TOOLS]
            assert said == ["".join(written)]
            served = next(TEMPLATE.server_prompts(conversation)(1))
            assert served == "".join(written) + "<user>Hi.</s><assistant>"


def test_equal_tools_of_rows_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Tools()
    one, other = kept.of(row(1).tools, Forms()), kept.of(row(1).tools, Forms())
    assert one is not None and other is not None
    assert one[0] is other[0]
    bare = kept.of(row(1).tools, Forms(tools="bare"))
    assert bare is not None and bare[0] == row(1).tools[0].raw
    monkeypatch.setattr(tools, "_MOST_BYTES", 100)
    for value in range(20):
        made = kept.of(row(value).tools, Forms())
        assert made is not None and made[0]["function"]["least"] == value
    assert len(kept._known) <= 2


def test_tools_that_hold_more_than_data_are_made_anew() -> None:
    class Words(str):
        __slots__ = ()

    made = Tools().of(row(Words("a")).tools, Forms())
    assert made is not None and made[0]["function"]["least"] == "a"
