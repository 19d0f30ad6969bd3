"""Lists of tools, however a row writes them."""

from __future__ import annotations

from typing import Any

from agentdata.conversation import ToolSpec
from agentdata.errors import RowError
from agentdata.formats.common.values import first_value, json_or_none
from agentdata.literals import read_text_value

PARAMETER_KEYS = ("parameters", "input_schema", "inputSchema", "parametersJsonSchema")


def read_tools(value: Any, pointer: str) -> tuple[ToolSpec, ...]:
    """The tools in `value`: a list, one tool, or either as JSON text or as a Python literal;
    elements may be JSON text too. Null, "" and [] are no tools.

    Raises RowError `bad_tools` (not readable), `bad_tool` (an element is no tool).
    """
    if isinstance(value, str):
        try:
            value = read_text_value(value, pointer) if value.strip() else None
        except RowError as error:
            raise RowError("bad_tools", f"the tools are {error.message}", pointer=pointer) from None
    if not value:
        return ()
    if isinstance(value, dict):
        return (read_tool(value, pointer),)
    if not isinstance(value, list):
        raise RowError("bad_tools", "the tools are no list", pointer=pointer)
    return tuple(read_tool(item, f"{pointer}/{index}") for index, item in enumerate(value))


def read_tool(value: Any, pointer: str) -> ToolSpec:
    """One tool: {"name", "description", "parameters"}, wrapped in {"type", "function"} or not, or
    its JSON text. A provider's own tool without a name ({"type": "web_search"}) is named by its
    type. Raises RowError `bad_tool`.
    """
    raw = json_or_none(value) if isinstance(value, str) else value
    if not isinstance(raw, dict):
        raise RowError("bad_tool", "a tool is no object", pointer=pointer)
    inner = raw.get("function", raw)
    if not isinstance(inner, dict):
        raise RowError("bad_tool", "`function` is no object", pointer=f"{pointer}/function")
    name = inner.get("name") or (inner.get("type") if inner is raw else None)
    if not isinstance(name, str):
        raise RowError("bad_tool", "a tool has no name", pointer=pointer)
    description = inner.get("description")
    parameters = first_value(inner, PARAMETER_KEYS)
    if isinstance(parameters, str):
        parameters = json_or_none(parameters)
    return ToolSpec(
        name=name,
        description=description if isinstance(description, str) else "",
        parameters=parameters if isinstance(parameters, dict) else None,
        raw=raw,
    )
