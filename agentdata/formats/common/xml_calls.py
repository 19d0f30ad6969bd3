"""Calls written as XML-like text inside `<tool_call>`: Qwen3-Coder's and GLM-4.5's.

    <function=tide>              tide
    <parameter=port>             <arg_key>port</arg_key>
    Emden                        <arg_value>Emden</arg_value>
    </parameter>
    </function>

Both write text values as they are and others as JSON; which one it was, the tool's parameters tell.
Sources: the chat templates of Qwen3-Coder, Qwen3.5 and GLM-4.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from agentdata.conversation import ToolCall, ToolSpec
from agentdata.formats.common.values import json_or_none

XML_CALL = re.compile(r"<function=[^<>\n]+>|[\w./-]+\s*<arg_key>")
"""How the inside of a block of such a call begins."""

_QWEN = re.compile(r"<function=(?P<name>[^<>\n]+)>(?P<inside>.*)</function>", re.DOTALL)
_QWEN_ARGUMENT = re.compile(
    r"\s*<parameter=(?P<key>[^<>\n]+)>\n?(?P<value>.*?)\n?</parameter>\s*", re.DOTALL
)
_GLM = re.compile(r"(?P<name>[\w./-]+)\s*(?P<inside>(?:<arg_key>.*)?)", re.DOTALL)
_GLM_ARGUMENT = re.compile(
    r"\s*<arg_key>(?P<key>[^<>]*)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>\s*", re.DOTALL
)


def read_xml_call(text: str, tools: Iterable[ToolSpec]) -> ToolCall | None:
    """The call that a text is all of; None where it is none. A name alone is a call where there is
    a tool of that name."""
    text = text.strip()
    for call_form, argument_form in ((_QWEN, _QWEN_ARGUMENT), (_GLM, _GLM_ARGUMENT)):
        call = call_form.fullmatch(text)
        if call is None:
            continue
        tool = next((tool for tool in tools if tool.name == call["name"]), None)
        if tool is None and call_form is _GLM and not call["inside"]:
            continue
        arguments = _arguments(call["inside"], argument_form, tool)
        return None if arguments is None else ToolCall(call["name"], arguments)
    return None


def _arguments(text: str, form: re.Pattern[str], tool: ToolSpec | None) -> dict[str, Any] | None:
    properties = (tool.parameters or {}).get("properties") if tool else None
    arguments: dict[str, Any] = {}
    end = 0
    while end < len(text.rstrip()):
        argument = form.match(text, end)
        if argument is None:
            return None
        schema = properties.get(argument["key"]) if isinstance(properties, dict) else None
        arguments[argument["key"]] = _value(argument["value"], schema)
        end = argument.end()
    return arguments


def _value(text: str, schema: Any) -> Any:
    kind = schema.get("type") if isinstance(schema, dict) else None
    kinds = kind if isinstance(kind, list) else [kind]
    if kind is None or "string" in kinds or "str" in kinds:
        return text
    value = json_or_none(text)
    return text if value is None and text.strip() != "null" else value
