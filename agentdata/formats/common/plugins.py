"""Plugins as MSAgent-Bench lists them inside a system text: one numbered line each."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from agentdata.conversation import ToolSpec
from agentdata.errors import RowError
from agentdata.formats.common.tools import read_tool
from agentdata.formats.common.values import json_or_none, literal_or_text

MENDED = "tool_line_mended"
"""Warning: a plugin line was JSON only after a stray bracket was taken out."""
UNREAD = "tool_line_unread"
"""Warning: a plugin line could not be read; it stays in the system text."""

NUMBERED_JSON = re.compile(r"^[ \t]*\d+\.[ \t]*\{", re.MULTILINE)
NUMBERED_REACT = re.compile(
    r"^[ \t]*\d+\.[ \t]*(?P<name>[^:\n]+): Call this tool to interact with the .*? API\. "
    r"What is the .*? API useful for\?(?P<description>.*?)\.? ?Parameters: (?P<parameters>\[.*\])"
    r"[ \t]*$",
    re.MULTILINE,
)
_STRAY = re.compile(r"\]\}|\}|\]")
_KNOWN = 2048
"""So many plugins are held read, of so many characters at most:"""
_KNOWN_CHARS = 8192
_CLOSERS = frozenset("]} \t\r")


def take_json_plugins(text: str, warnings: list[str]) -> tuple[list[ToolSpec], str]:
    """The plugins of the numbered JSON lines and the text without those lines."""
    tools: list[ToolSpec] = []
    # To look for the beginning of a line costs more than to cut the text into lines.
    lines = text.split("\n")
    for number, line in enumerate(lines):
        start = NUMBERED_JSON.match(line) if "{" in line else None
        if start is None:
            continue
        plugin = line[start.end() - 1 :].strip()
        tool, found = (_known_plugin if len(plugin) <= _KNOWN_CHARS else _plugin)(plugin)
        warnings.extend(found)
        if tool is not None:
            tools.append(tool)
            lines[number] = ""
    return tools, "\n".join(lines)


def take_react_plugins(text: str, warnings: list[str]) -> tuple[list[ToolSpec], str]:
    """The plugins of the numbered lines of the ReAct edition and the text without those lines."""
    tools: list[ToolSpec] = []

    def take(line: re.Match[str]) -> str:
        parameters = literal_or_text(line["parameters"])
        if not isinstance(parameters, list):
            warnings.append(UNREAD)
            return line[0]
        description = line["description"].strip()
        raw = {"name": line["name"], "description": description, "parameters": parameters}
        tools.append(read_tool(raw, ""))
        return ""

    return tools, NUMBERED_REACT.sub(take, text)


def _plugin(text: str) -> tuple[ToolSpec | None, tuple[str, ...]]:
    """The tool of a plugin line, None where it cannot be read, and warnings."""
    warnings: list[str] = []
    raw = _parse(text, warnings)
    try:
        return read_tool(raw, ""), tuple(warnings)
    except RowError:
        return None, (*warnings, UNREAD)


# Rows choose from few plugins.
_known_plugin = lru_cache(_KNOWN)(_plugin)


def _parse(text: str, warnings: list[str]) -> Any:
    """The JSON of a plugin line, where need be without a stray bracket in it or behind it."""
    raw = json_or_none(text)
    if raw is not None:
        return raw
    for candidate in (text, *_without_a_bracket(text)):
        try:
            raw, end = json.JSONDecoder().raw_decode(candidate)
        except (ValueError, RecursionError):
            continue
        if _CLOSERS.issuperset(candidate[end:]):
            warnings.append(MENDED)
            return raw
    return None


def _without_a_bracket(text: str) -> list[str]:
    """The text without the stray brackets right before the place where the parser gave up."""
    try:
        _, fault = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        fault = error.pos
    except (ValueError, RecursionError):
        return []
    near = list(_STRAY.finditer(text, max(0, fault - 4), min(len(text), fault + 2)))
    return [text[: m.start()] + text[m.end() :] for m in reversed(near)]
