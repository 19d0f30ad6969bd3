"""What the tools on offer cost in a prompt: the tokens of the section that tells of them."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from agentdata import json_text
from agentdata.conversation import Conversation, Message, ToolSpec
from agentdata.errors import RowError
from agentdata.templates.prompt import Kind, Prompt
from agentdata.templates.template import PromptTemplate
from agentdata.tokenization import Encoder

_OPTIONS = "chat_template_kwargs"
MAX_REMEMBERED = 4096


class ToolSection:
    """Counts the tokens of tool sections, as the template writes them.

    The section is all that the prompt says of the tools (kind `tools`), tokenized by itself: in a
    row its first and last token may join with what stands around it, so a figure may be off by one
    or two tokens. It is rendered before a question of one letter: what else a row says is not read.
    What was counted once is remembered, in bounded memory.
    """

    def __init__(self, template: PromptTemplate, encoder: Encoder) -> None:
        self._template, self._encoder = template, encoder
        self._known: dict[bytes, int] = {}

    def tokens(self, conversation: Conversation, tools: Sequence[ToolSpec]) -> int:
        """The tokens of the section of these tools in a conversation like this one; 0 without any.

        Raises RowError where the template cannot write them.
        """
        if not tools:
            return 0
        has_system = conversation.messages[0].role == "system"
        options = conversation.meta.get(_OPTIONS)
        key = key_of([has_system, options, *(tool.raw for tool in tools)])
        if key not in self._known:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            before = [Message("system", "-")] if has_system else []
            asked = Conversation(
                conversation.id,
                (*before, Message("user", "-")),
                tools=tuple(tools),
                meta={_OPTIONS: options} if options else {},
            )
            self._known[key] = self._counted(asked)
        return self._known[key]

    def added(self, conversation: Conversation, tool: ToolSpec) -> int:
        """The tokens by which a tool makes a section longer that others are in already."""
        twice = self.tokens(conversation, (tool, tool))
        return twice - self.tokens(conversation, (tool,))

    def _counted(self, asked: Conversation) -> int:
        prompt = self._template.open_turn(asked) or self._template.replay(asked)
        told = tuple(segment for segment in prompt.segments if segment.kind is Kind.TOOLS)
        try:
            return len(self._encoder.encode(Prompt(told)).ids)
        except RowError:
            # Whether letters of a special token reject the row is told where the row is rendered.
            return len(self._encoder.encode_text(Prompt(told).text).ids)


def key_of(value: object) -> bytes:
    """A key for a value of JSON: its text."""
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer past 64 bits
        return json_text.dumps(value).encode()
