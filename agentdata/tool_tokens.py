"""What the schemas of the tools on offer cost in tokens."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from agentdata import json_text
from agentdata.conversation import ToolSpec
from agentdata.errors import RowError
from agentdata.shards.manifest import MAX_TOOL_NAMES, Tally
from agentdata.templates.prompt import Kind, Prompt, Segment
from agentdata.tokenization import Encoder

_MAX_REMEMBERED = 2 * MAX_TOOL_NAMES
# Units of work offer the same tools. What an encoder says may change once, when it is distrusted.
_KNOWN = WeakKeyDictionary[Encoder, dict[bool, dict[bytes, int]]]()


class ToolTokens:
    """Counts offers of tools, and the tokens of their schemas as JSON in the layout of chat
    templates; what a template writes around or instead of it is not in the figure.

    A schema is tokenized once however many rows of a process offer it, and none is once
    MAX_TOOL_NAMES names are known: both memory and time are bounded.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known = _KNOWN.setdefault(encoder, {}).setdefault(encoder.differs, {})

    def count(self, tools: Sequence[ToolSpec], tally: Tally) -> None:
        """Add the tools of a conversation to `tools_offered`, `tool_tokens`, `other_offers`."""
        for tool in tools:
            if tool.name in tally.tools_offered or len(tally.tools_offered) < MAX_TOOL_NAMES:
                tally.tools_offered[tool.name] += 1
                tally.tool_tokens[tool.name] += self._tokens(tool)
            else:
                tally.other_offers += 1

    def _tokens(self, tool: ToolSpec) -> int:
        key = json_text.compact(tool.raw)
        if key not in self._known:
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            self._known[key] = self._encoded(json_text.dumps(tool.raw))
        return self._known[key]

    def _encoded(self, text: str) -> int:
        try:
            return len(self._encoder.encode(Prompt((Segment(text, Kind.TOOLS),))).ids)
        except RowError:
            # Letters of a special token in what the template does not print reject no row.
            return len(self._encoder.encode_text(text).ids)
