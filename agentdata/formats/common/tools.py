"""Lists of tools, however a row writes them."""

from __future__ import annotations

from typing import Any

from agentdata.conversation import ToolSpec
from agentdata.errors import RowError
from agentdata.formats.common.values import first_key, first_value, json_or_none
from agentdata.literals import read_text_value

NAME_KEYS = ("name", "name_for_model")
DESCRIPTION_KEYS = ("description", "description_for_model")
PARAMETER_KEYS = (
    "parameters",
    "input_schema",
    "inputSchema",
    "parametersJsonSchema",
    "parameters_json_schema",
)
_WRAPPERS = ("function", "plugin_schema_for_model", "toolSpec")


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
    """One tool: {"name", "description", "parameters"}, wrapped in {"type", "function"} or not, a
    plugin of MSAgent-Bench, Bedrock's {"toolSpec": {..., "inputSchema": {"json": ...}}}, or the
    JSON text of one. A provider's own tool without a name is named by its type ({"type":
    "web_search"}) or its only key ({"googleSearch": {}}). Raises RowError `bad_tool`.
    """
    raw = json_or_none(value) if isinstance(value, str) else value
    if not isinstance(raw, dict):
        raise RowError("bad_tool", "a tool is no object", pointer=pointer)
    key = first_key(raw, _WRAPPERS)
    inner = raw if key is None else raw[key]
    if not isinstance(inner, dict):
        raise RowError("bad_tool", f"`{key}` is no object", pointer=f"{pointer}/{key}")
    name = first_value(inner, NAME_KEYS) or raw.get("plugin_name")
    name = name or (inner.get("type") if not key else None)
    if name is None and inner is raw and [type(value) for value in raw.values()] == [dict]:
        ((name, inner),) = raw.items()
    if not isinstance(name, str):
        raise RowError("bad_tool", "a tool has no name", pointer=pointer)
    description = first_value(inner, DESCRIPTION_KEYS)
    return ToolSpec(
        name=name,
        description=description if isinstance(description, str) else "",
        parameters=_parameters(inner),
        raw=raw,
    )


def _parameters(tool: dict[str, Any]) -> dict[str, Any] | None:
    parameters, paths = first_value(tool, PARAMETER_KEYS), tool.get("paths")
    if parameters is None and isinstance(paths, list) and len(paths) == 1:
        parameters = paths[0].get("parameters") if isinstance(paths[0], dict) else None
    if isinstance(parameters, str):
        parameters = json_or_none(parameters)
    if isinstance(parameters, list):
        return _listed(parameters)
    if isinstance(parameters, dict) and list(parameters) == ["json"]:
        parameters = parameters["json"]
    return parameters if isinstance(parameters, dict) else None


def _listed(parameters: list[Any]) -> dict[str, Any] | None:
    """A list of {"name", "description", "required", ...} as a JSON Schema, with such types as the
    list has."""
    named = [p for p in parameters if isinstance(p, dict) and isinstance(p.get("name"), str)]
    if len(named) != len(parameters):
        return None
    properties = {
        p["name"]: {key: value for key, value in p.items() if key not in ("name", "required")}
        for p in named
    }
    required = [p["name"] for p in named if str(p.get("required")).lower() == "true"]
    return {"type": "object", "properties": properties, "required": required}
