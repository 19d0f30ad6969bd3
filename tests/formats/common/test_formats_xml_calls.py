"""Calls as XML: values are text or JSON as the tool's parameters say."""

from __future__ import annotations

from typing import Any

import pytest

from agentdata.conversation import ToolSpec
from agentdata.formats.common.xml_calls import read_xml_call

PROPERTIES = {
    "port": {"type": "string"},
    "days": {"type": "array"},
    "n": {"type": "integer"},
    "odd": {"type": ["string", "null"]},
    "even": {"type": ["integer", "null"]},
}
TIDE = ToolSpec("tide", "", {"type": "object", "properties": PROPERTIES}, {})


def qwen(name: str = "tide", **arguments: str) -> str:
    inside = "".join(f"<parameter={k}>\n{v}\n</parameter>\n" for k, v in arguments.items())
    return f"<function={name}>\n{inside}</function>"


def glm(name: str = "tide", **arguments: str) -> str:
    inside = "".join(
        f"\n<arg_key>{k}</arg_key>\n<arg_value>{v}</arg_value>" for k, v in arguments.items()
    )
    return f"{name}{inside}"


@pytest.mark.parametrize("write", [qwen, glm])
@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ({}, {}),
        ({"port": "Emden"}, {"port": "Emden"}),
        ({"port": "7"}, {"port": "7"}),
        ({"n": "7", "days": '["Mon"]'}, {"n": 7, "days": ["Mon"]}),
        ({"n": "seven"}, {"n": "seven"}),
        ({"n": "null"}, {"n": None}),
        ({"odd": "7", "even": "8", "new": "9"}, {"odd": "7", "even": 8, "new": "9"}),
        ({"port": "two\nlines\n"}, {"port": "two\nlines\n"}),
    ],
)
def test_arguments(write: Any, written: dict[str, str], arguments: dict[str, Any]) -> None:
    call = read_xml_call(f"\n{write(**written)}\n", [TIDE])
    assert call is not None
    assert (call.name, call.arguments) == ("tide", arguments)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "place",
        '{"name": "tide"}',
        "<function=tide>",
        "<function=tide>words</function>",
        "tide\n<arg_key>port</arg_key>",
        "{function-name}\n<arg_key>{arg-key-1}</arg_key>\n<arg_value>{arg-value-1}</arg_value>",
    ],
)
def test_what_is_no_call(text: str) -> None:
    assert read_xml_call(text, [TIDE]) is None


@pytest.mark.parametrize("text", [qwen("f", a="1"), glm("f", a="1")])
def test_values_of_an_unknown_tool_stay_text(text: str) -> None:
    call = read_xml_call(text, [])
    assert call is not None
    assert call.arguments == {"a": "1"}
