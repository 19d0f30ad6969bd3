"""Conversations put together piece by piece, in the order in which a provider's API writes them."""

from __future__ import annotations

import base64
from typing import Any

from agentdata.conversation import Conversation, Media, Message, Part, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.common.carried import Carried
from agentdata.formats.common.content import read_result
from agentdata.formats.common.media import PART_TYPES, MediaList
from agentdata.formats.common.think import split_think

HIDDEN_REASONING = "hidden_reasoning"
"""Warning: reasoning that the provider kept to itself (encrypted or redacted)."""
HIDDEN_HISTORY = "hidden_history"
"""Warning: earlier turns that the row holds only encrypted, or not at all."""
TOOL_ERRORS = "tool_errors"
"""Meta: the ids of the calls whose results are marked as errors."""


class Talk:
    """Messages in the making. Pieces of the model join the message that is open, in the order
    reasoning, text, calls; what does not follow in that order begins another message."""

    def __init__(self) -> None:
        self.media = MediaList({})
        self.warnings: list[str] = []
        self.meta: dict[str, Any] = {}
        self.spoke = False
        self._messages: list[Message] = []
        self._reasoning: list[str] = []
        self._parts: list[Part] = []
        self._calls: list[ToolCall] = []

    @property
    def length(self) -> int:
        """How many messages are closed."""
        return len(self._messages)

    def system(self, text: str) -> None:
        """A system text; none where it is empty."""
        self.close()
        if text:
            self._messages.append(Message("system", text))

    def user(self, parts: list[Part], name: str | None = None) -> None:
        self.close()
        self._messages.append(Message("user", _body(parts), name=name))

    def reasoning(self, text: str) -> None:
        """Reasoning of the model; none where it is empty."""
        if not text:
            return
        if self._parts or self._calls:
            self.close()
        self._reasoning.append(text)
        self.spoke = True

    def say(self, part: Part) -> None:
        """A piece of what the model says. Where calls wait already it still goes before them: a
        message ends with its calls."""
        self._parts.append(part)
        self.spoke = True

    def call(self, call: ToolCall) -> None:
        self._calls.append(call)
        self.spoke = True

    def result(
        self,
        value: Any,
        pointer: str,
        *,
        call_id: Any = None,
        name: str | None = None,
        error: bool = False,
    ) -> None:
        """The result of a call, text or parts or data. Raises what `read_result` raises."""
        body = read_result(value, pointer, self.media, self.warnings)
        self.close()
        given = str(call_id) if isinstance(call_id, str | int) and call_id != "" else None
        self._messages.append(Message("tool", body, tool_call_id=given, name=name))
        if error:
            self.meta.setdefault(TOOL_ERRORS, []).append(given or name or "")

    def text(self, text: str) -> Part:
        return Part("text", text)

    def file(self, mime: Any, ref: str, pointer: str) -> Part:
        """An image, video or audio; the text of a text file whose data are there.

        Raises RowError `media_unsupported` for any other file.
        """
        name = mime.split("/")[0] if isinstance(mime, str) else ""
        if name == "text" and (text := _text_in(ref)) is not None:
            return Part("text", text)
        kind = PART_TYPES.get(name)
        if kind is None:
            raise RowError(
                "media_unsupported",
                f"a file that is no image, video or audio: {mime or 'of an unknown type'}",
                pointer=pointer,
            )
        return Part(kind, media=self.media.add(kind, ref, pointer))

    def close(self) -> None:
        """End the model's message, where one is open."""
        if not (self._reasoning or self._parts or self._calls):
            return
        reasoning = "\n\n".join(self._reasoning) if self._reasoning else None
        body = _body(self._parts)
        if reasoning is None and isinstance(body, str):
            reasoning, body = split_think(body)
        self._messages.append(Message("assistant", body, reasoning, tuple(self._calls)))
        self._reasoning, self._parts, self._calls = [], [], []

    def check_turn(self, pointer: str) -> None:
        """Raises RowError `no_model_turn` where the model has said nothing since `spoke` was set
        to false."""
        if not self.spoke:
            raise RowError(
                "no_model_turn", "the response holds no turn of the model", pointer=pointer
            )

    def new_message(self) -> None:
        """What the model says from here on is another message, unless all that is open is its
        reasoning."""
        if self._parts or self._calls:
            self.close()

    def conversation(
        self,
        row_id: str,
        tools: tuple[ToolSpec, ...] = (),
        own: Carried | None = None,
        *,
        where: str = "/messages",
    ) -> Conversation:
        """The conversation. Raises RowError `no_messages`, at the pointer `where`."""
        self.close()
        if not self._messages:
            raise RowError("no_messages", "the row has no messages", pointer=where)
        own = own or Carried()
        media: tuple[Media, ...] = tuple(self.media.items)
        return Conversation(
            id=row_id,
            messages=tuple(self._messages),
            tools=tools,
            media=media,
            native=own.native,
            warnings=tuple(self.warnings),
            meta=self.meta | own.meta,
        )


def _text_in(uri: str) -> str | None:
    """The text in a data URI of base64, None where there is none."""
    try:
        return base64.b64decode(uri.partition(";base64,")[2], validate=True).decode() or None
    except ValueError:
        return None


def data_uri(mime: Any, data: str) -> str:
    """The data URI (RFC 2397) of base64 text."""
    return f"data:{mime};base64,{data}" if isinstance(mime, str) else data


def _body(parts: list[Part]) -> str | tuple[Part, ...]:
    if all(part.type == "text" for part in parts):
        return "".join(part.text for part in parts)
    return tuple(parts)
