"""From a model's text back to its reasoning, content and calls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from agentdata.call_text.declared import declared_text
from agentdata.conversation import ToolSpec
from agentdata.errors import UsageError
from agentdata.templates.agent_templates import AGENT_TEMPLATES, get_agent_template
from agentdata.templates.agent_templates.base import AgentTemplate
from agentdata.templates.chat_formats import CHAT_FORMATS, ChatFormat
from agentdata.templates.jinja import JinjaTemplate, load_jinja
from agentdata.templates.parsing.learn import learn_wire
from agentdata.templates.parsing.wire import ParsedText, Wire, read_text
from agentdata.templates.parsing.wires import WIRES
from agentdata.templates.render import Template, get_template

AnyTemplate = str | AgentTemplate | Template | JinjaTemplate


def parse_calls(text: str, template: AnyTemplate, tools: Sequence[ToolSpec] = ()) -> ParsedText:
    """What the model's turn `text` says: content, reasoning, calls, and what is malformed in it.

    `template` is an agent template or its name, a chat format with one (`qwen3`, `qwen3+hermes`),
    or a chat template of Hugging Face (loaded, or its `.jinja` file). An end of turn at the end of
    the text is left out. Templates that write arguments without their types (XML) need `tools` to
    tell the text "2" from the number. Never raises on a text; `faults` give what is malformed,
    with places in characters. Raises UsageError for unknown names and `no_call_parser`.

    >>> parsed = parse_calls('<tool_call>\\n{"name": "now", "arguments": {}}', "hermes")
    >>> parsed.tool_calls[0].name, parsed.faults[0].code
    ('now', 'missing_end')
    """
    wire, formats = _wire(template)
    marks = {mark.strip() for f in formats for mark in (f.end_of_turn, f.turn_separator)}
    ends = "|".join(re.escape(mark) for mark in sorted(marks) if mark)
    end = re.search(rf"(?:{ends})\s*\Z", text) if ends else None
    return read_text(
        wire, text[: end.start()] if end else text, declared_text(tools, unsure=False)
    )[0]


def wire_of(template: AgentTemplate | JinjaTemplate) -> Wire | None:
    """How calls of a template are read back; None where no one knows. That of a chat template is
    learned from what it makes of a sample."""
    return _learned(template) if isinstance(template, JinjaTemplate) else template.wire


@lru_cache(maxsize=32)
def _learned(template: JinjaTemplate) -> Wire | None:
    return learn_wire(template.render, known_wires())


def known_wires() -> list[Wire]:
    """All ways of writing calls that can be read back."""
    own = [one.wire for one in AGENT_TEMPLATES.values() if one.wire is not None]
    return list(dict.fromkeys([*own, *WIRES]))


@lru_cache(maxsize=32)
def _loaded(path: str, changed_ns: int) -> JinjaTemplate:
    return load_jinja(path)


def _wire(template: AnyTemplate) -> tuple[Wire, list[ChatFormat]]:
    """The wire, and the chat formats that may have written the text."""
    formats = list(CHAT_FORMATS.values())
    if isinstance(template, str) and template.endswith(".jinja"):
        path = Path(template)
        changed_ns = path.stat().st_mtime_ns if path.is_file() else 0
        template = _loaded(template, changed_ns)
    if isinstance(template, str):
        chat_format, plus, agent_template = template.partition("+")
        if plus or (chat_format in CHAT_FORMATS and chat_format not in AGENT_TEMPLATES):
            template = get_template(chat_format, agent_template or "auto")
        else:
            template = get_agent_template(chat_format)
    if isinstance(template, Template):
        formats, template = [template.chat_format], template.agent_template
    wire = wire_of(template)
    if wire is None:
        raise UsageError(
            "no_call_parser",
            "the calls of this template cannot be read back",
            remedy=f"one of the agent templates {', '.join(_readable())}",
        )
    return wire, formats


def _readable() -> list[str]:
    return sorted(name for name, one in AGENT_TEMPLATES.items() if one.wire is not None)
