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
from collections.abc import Sequence
from dataclasses import replace

from agentdata.call_text.base import Reader
from agentdata.call_text.declared import declared_text
from agentdata.call_text.parameter_calls import function_calls, keyed_calls
from agentdata.conversation import ToolCall, ToolSpec

XML_CALL = re.compile(r"<function=[^<>\n]+>|[\w./-]+\s*<arg_key>")
"""How the inside of a block of such a call begins."""

_FUNCTION = function_calls(lines=True)
_KEYED = keyed_calls("arg")


def read_xml_call(text: str, tools: Sequence[ToolSpec]) -> ToolCall | None:
    """The call that a text is all of; None where it is none. A name alone is a call where there is
    a tool of that name."""
    text = text.strip()
    is_keyed = not text.startswith("<function=")
    style, whole = (_KEYED, f"<tool_call>{text}</tool_call>") if is_keyed else (_FUNCTION, text)
    reader = Reader(whole, declared_text(tools, unsure=True))
    if style.find(whole, 0) != 0 or style.read(reader, 0) < len(whole) or reader.faults:
        return None
    call = reader.calls[0].call
    call = replace(call, name=call.name.strip())
    if is_keyed and not call.arguments and all(tool.name != call.name for tool in tools):
        return None
    return call
