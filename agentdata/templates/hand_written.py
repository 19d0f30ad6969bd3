"""The hand-written templates as the house asks for them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from agentdata.conversation import Conversation
from agentdata.templates.chat_formats.base import KEPT
from agentdata.templates.prompt import Prompt
from agentdata.templates.render import Beginnings, Template, render
from agentdata.templates.template import ServerPrompts


@dataclass(frozen=True, slots=True)
class HandWritten:
    """A chat format with an agent template. `keep_thinking` is whether earlier rounds keep theirs
    where all rounds are trained."""

    template: Template
    keep_thinking: bool = True

    @property
    def name(self) -> str:
        return self.template.name

    @property
    def fingerprint(self) -> str:
        template = self.template
        names = (template.chat_format.name, template.agent_template.name, template.bos)
        return hashlib.sha256("\0".join((*names, repr(self.keep_thinking))).encode()).hexdigest()

    @property
    def control_tokens(self) -> tuple[str, ...]:
        return self.template.chat_format.control_tokens

    @property
    def shows_reasoning(self) -> bool:
        return True

    def render(self, conversation: Conversation) -> Prompt:
        return render(conversation, self.template, keep_thinking=self.keep_thinking)

    def replay(self, conversation: Conversation) -> Prompt:
        return render(conversation, self.template, keep_thinking=False)

    def open_turn(self, conversation: Conversation) -> Prompt | None:
        return None

    def appends(self, conversation: Conversation) -> bool:
        marks = self.template.chat_format
        if marks.native and conversation.native:
            return True
        rewrites = marks.empty_think or marks.earlier_thinking is not KEPT
        # Then the head of a turn tells what the model is about to write, which no server knows.
        foresees = marks.assistant_last or marks.assistant_before_calls
        return not (rewrites or foresees or marks.adapt)

    def server_prompts(self, conversation: Conversation) -> ServerPrompts:
        marks = self.template.chat_format
        block = marks.empty_think if marks.generation is None else marks.generation
        beginnings = Beginnings(conversation, self.template)

        def prompts(message: int) -> Iterator[str]:
            text = beginnings.text(message)
            yield text
            if block and text.endswith(block):
                yield text.removesuffix(block)

        return prompts

    def last_stop(self, calls: bool) -> str | None:
        return self.template.chat_format.end_of_turn.strip() or None
