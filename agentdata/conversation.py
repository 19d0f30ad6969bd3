"""The one shape of a conversation inside the house: canonical and OpenAI-like.

Readers in `formats/` build it, templates read it. Plain frozen data; whatever is wrong with a row
was found before it got here.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from agentdata.values import value

Role = Literal["system", "user", "assistant", "tool"]
PartType = Literal["text", "image", "video", "audio"]


@value
class Media:
    """An image, video or audio of the row, by reference (path, URL or data URI)."""

    type: Literal["image", "video", "audio"]
    ref: str


@value
class Part:
    """A piece of a message: text, or the index of an item of `Conversation.media`."""

    type: PartType
    text: str = ""
    media: int | None = None


@value
class ToolCall:
    """One call by the model. `arguments` is a string only where the source was no JSON object:
    it is kept as it stood, never guessed."""

    name: str
    arguments: dict[str, Any] | str
    id: str | None = None


@value
class ToolSpec:
    """One tool on offer. `raw` is the mapping as given, with its order and unknown keys, wrapped
    or not in {"type": "function", "function": ...}; templates print `raw`."""

    name: str
    description: str
    parameters: dict[str, Any] | None
    raw: dict[str, Any]


@value
class Message:
    """One message: reasoning, then content, then calls.

    `reasoning` is the text between the think marks, without the line breaks that the canonical
    form `<think>\\n...\\n</think>\\n\\n` adds; "" is an empty think block, None is none at all.
    `loss` (train or not) and `loss_scale` (weight) override the run's strategy for this message.
    """

    role: Role
    content: str | tuple[Part, ...] = ""
    reasoning: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    loss: bool | None = None
    loss_scale: float | None = None

    @property
    def text(self) -> str:
        """The content as text: text parts joined, each media part as its `<image>`-like mark."""
        if isinstance(self.content, str):
            return self.content
        return "".join(p.text if p.type == "text" else f"<{p.type}>" for p in self.content)


NativeKind = Literal["text", "reasoning", "content", "tool_call", "tool_result"]


@value
class NativeTurn:
    """One turn as the data wrote it: `"".join(text for _, text in spans)` is the text to the
    letter, each span with what it is. For templates that keep a format's own text."""

    role: Literal["system", "user", "assistant"]
    spans: tuple[tuple[NativeKind, str], ...]


@value
class Conversation:
    """One row: messages, the tools on offer, media, and where it came from.

    `native` holds the same turns as the data wrote them, where a format has a prompt of its own
    (MSAgent-Bench). `meta` holds what else a reader knows. `warnings` are codes of faults that
    a reader met and mended without loss, one entry each time.
    """

    id: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    media: tuple[Media, ...] = ()
    source: str = ""
    native: tuple[NativeTurn, ...] = ()
    warnings: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
