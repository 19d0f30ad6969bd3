"""Tools as harmony's system and developer texts declare them: TypeScript in namespaces."""

from __future__ import annotations

import re
from typing import Any

from agentdata.conversation import ToolSpec
from agentdata.formats.common.values import json_or_none

_SECTION = re.compile(r"(?:^|\n)# Tools\n(?P<body>.*?)(?=\n# |\Z)", re.DOTALL)
_SPACE = re.compile(
    r"\s*## (?P<name>[\w.-]+)\n\s*namespace (?P=name) \{\n(?P<body>.*?)"
    r"\n\} // namespace (?P=name)\s*",
    re.DOTALL,
)
_TYPE = re.compile(
    r"(?P<doc>(?://[^\n]*\n)*)type (?P<name>[\w.-]+) = \((?:_: \{\n(?P<fields>.*?)\n\})?\) => any;",
    re.DOTALL,
)
_FIELD = re.compile(
    r"(?P<name>[\w$-]+)(?P<optional>\?)?: (?P<type>[^/\n]+?),(?: // default: (?P<default>.*))?"
)
_SCALARS = ("string", "number", "integer", "boolean", "null")


def take_tools(text: str) -> tuple[list[ToolSpec], str]:
    """The tools of a text's `# Tools` section, and the text without it.

    A section with anything that has no exact counterpart in JSON Schema stays in the text: no
    tools then, and all of the text.
    """
    section = _SECTION.search(text)
    if section is None:
        return [], text
    tools: list[ToolSpec] = []
    rest = section["body"]
    while rest.strip():
        space = _SPACE.match(rest)
        found = _tools(space["body"]) if space and space["name"] == "functions" else None
        if space is None or found is None:
            return [], text
        tools += found
        rest = rest[space.end() :]
    left = (text[: section.start()], text[section.end() :])
    return tools, "\n\n".join(part.strip("\n") for part in left if part.strip())


def _tools(body: str) -> list[ToolSpec] | None:
    tools = []
    position = 0
    for found in _TYPE.finditer(body):
        if body[position : found.start()].strip():
            return None
        position = found.end()
        description = _comment(found["doc"])
        parameters = _parameters(found["fields"])
        if parameters is None:
            return None
        raw = {"name": found["name"], "description": description, "parameters": parameters}
        tools.append(ToolSpec(found["name"], description, parameters, raw))
    return tools if tools and not body[position:].strip() else None


def _comment(lines: str) -> str:
    return "\n".join(line[2:].removeprefix(" ") for line in lines.splitlines())


def _parameters(fields: str | None) -> dict[str, Any] | None:
    properties: dict[str, Any] = {}
    required: list[str] = []
    comment: list[str] = []
    for line in (fields or "").splitlines():
        if line.startswith("//"):
            comment.append(line)
            continue
        field = _FIELD.fullmatch(line)
        schema = _schema(field["type"]) if field else None
        if field is None or schema is None:
            return None
        if comment:
            schema["description"] = _comment("\n".join(comment))
            comment = []
        if field["default"] is not None:
            schema["default"] = _default(field["default"], schema)
        if not field["optional"]:
            required.append(field["name"])
        properties[field["name"]] = schema
    if comment:
        return None
    schema = {"type": "object", "properties": properties}
    return schema | ({"required": required} if required else {})


def _schema(kind: str) -> dict[str, Any] | None:
    if kind.endswith("[]"):
        inner = _schema(kind[:-2])
        return None if inner is None or "enum" in inner else {"type": "array", "items": inner}
    options = kind.split(" | ")
    if all(option in _SCALARS for option in options):
        return {"type": options[0] if len(options) == 1 else options}
    values = [json_or_none(option) for option in options]
    if all(isinstance(value, str) for value in values):
        return {"type": "string", "enum": values}
    return {} if kind == "any" else None


def _default(text: str, schema: dict[str, Any]) -> Any:
    if schema.get("type") == "string":
        return text.removeprefix('"').removesuffix('"')
    value = json_or_none(text)
    return text if value is None else value
