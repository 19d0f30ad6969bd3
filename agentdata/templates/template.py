"""What the house asks of a template, however it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from agentdata.conversation import Conversation
from agentdata.templates.prompt import Prompt


class ServerPrompts(Protocol):
    """The prompts that a server would build for the turns of one conversation."""

    def __call__(self, message: int, /) -> Iterator[str]:
        """The prompts for the turn that begins with that message: the messages before it, then the
        opened turn of the model. The server's settings (thinking on or off) make more than one;
        none where the template takes no such messages."""
        ...


class PromptTemplate(Protocol):
    """A way from conversations to prompts. Can be pickled."""

    @property
    def name(self) -> str:
        """What errors call it."""
        ...

    @property
    def fingerprint(self) -> str:
        """sha256 of all that decides the text and its segments, this package's code apart."""
        ...

    @property
    def control_tokens(self) -> tuple[str, ...]:
        """Marks that must be tokens of the tokenizer."""
        ...

    @property
    def shows_reasoning(self) -> bool:
        """Whether the last turn of a text ever shows the model's thinking."""
        ...

    def render(self, conversation: Conversation) -> Prompt:
        """The prompt of a whole conversation. Raises RowError."""
        ...

    def replay(self, conversation: Conversation) -> Prompt:
        """The same, with the history as a server writes it. Raises RowError."""
        ...

    def open_turn(self, conversation: Conversation) -> Prompt | None:
        """The prompt that a server would build after these messages, none of it trainable; None
        where `replay` gives it already. Raises RowError."""
        ...

    def appends(self, conversation: Conversation) -> bool:
        """Whether later messages never change the text of earlier ones, so that every turn's
        prompt is how the whole text begins."""
        ...

    def server_prompts(self, conversation: Conversation) -> ServerPrompts:
        """The prompts that a server would build for the turns of a conversation."""
        ...

    def last_stop(self, calls: bool) -> str | None:
        """What ends the last turn of a conversation, with calls or without; None if nothing does
        or that is not known."""
        ...
