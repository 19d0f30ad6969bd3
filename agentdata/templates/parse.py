"""From a model's text back to its reasoning, content and calls."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentdata.conversation import ToolSpec
from agentdata.errors import UsageError
from agentdata.templates.agent_templates import get_agent_template
from agentdata.templates.agent_templates.base import AgentTemplate
from agentdata.templates.chat_formats import CHAT_FORMATS, ChatFormat
from agentdata.templates.parsing.base import IsText, ParsedText
from agentdata.templates.parsing.wire import Wire, read_text
from agentdata.templates.parsing.wires import WIRES
from agentdata.templates.render import Template, get_template


def parse_calls(
    text: str, template: str | AgentTemplate | Template, tools: Sequence[ToolSpec] = ()
) -> ParsedText:
    """What the model's turn `text` says: content, reasoning, calls, and what is malformed in it.

    `template` is an agent template or its name, or a chat format with one (`qwen3`,
    `qwen3+hermes`). An end of turn at the end of the text is left out. Templates that write
    arguments without their types (XML) need `tools` to tell the text "2" from the number. Never
    raises on a text; `faults` give what is malformed, with places in characters. Raises
    UsageError for unknown names.

    >>> parsed = parse_calls('<tool_call>\\n{"name": "now", "arguments": {}}', "hermes")
    >>> parsed.tool_calls[0].name, parsed.faults[0].code
    ('now', 'missing_end')
    """
    wire, formats = _wire(template)
    marks = {mark.strip() for f in formats for mark in (f.end_of_turn, f.turn_separator)}
    ends = "|".join(re.escape(mark) for mark in sorted(marks) if mark)
    end = re.search(rf"(?:{ends})\s*\Z", text) if ends else None
    return read_text(wire, text[: end.start()] if end else text, _declared(tools))[0]


def wire_of(agent_template: AgentTemplate) -> Wire | None:
    """How calls of an agent template are read back; None where no one knows."""
    return WIRES.get(agent_template.name)


def _wire(template: str | AgentTemplate | Template) -> tuple[Wire, list[ChatFormat]]:
    """The wire, and the chat formats that may have written the text."""
    formats = list(CHAT_FORMATS.values())
    if isinstance(template, str):
        chat_format, plus, agent_template = template.partition("+")
        if plus or (chat_format in CHAT_FORMATS and chat_format not in WIRES):
            template = get_template(chat_format, agent_template or "auto")
        else:
            template = get_agent_template(chat_format)
    if isinstance(template, Template):
        formats, template = [template.chat_format], template.agent_template
    wire = wire_of(template)
    if wire is None:
        raise UsageError(
            "no_call_parser",
            f"--agent-template {template.name}: its calls cannot be read back",
            remedy=f"one of: {', '.join(sorted(WIRES))}",
        )
    return wire, formats


def _declared(tools: Sequence[ToolSpec]) -> IsText:
    """Which parameters the tools declare as text."""
    texts: set[tuple[str, str]] = set()
    for tool in tools:
        properties = (tool.parameters or {}).get("properties")
        for key, schema in properties.items() if isinstance(properties, dict) else ():
            if isinstance(schema, dict) and schema.get("type") == "string":
                texts.add((tool.name, key))
    return lambda number, name, key: (name, key) in texts
