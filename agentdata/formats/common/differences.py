"""What a conversation loses on the way into another format and back."""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

from agentdata.conversation import Conversation, Message
from agentdata.formats.common.think import join_think
from agentdata.json_text import dumps

LOSSES: dict[str, str] = {
    "call_ids_dropped": "the form has no ids of calls and results",
    "id_dropped": "the form has no id of the row",
    "loss_dropped": "the form has no weights of messages",
    "media_list_changed": "media come in another order, or one of them several times",
    "meta_dropped": "the form does not carry what else a reader knew",
    "names_dropped": "the form has no names of those who speak",
    "native_dropped": "the form does not carry the text of the turns as the source wrote it",
    "reasoning_in_text": "reasoning is a part of the text, since it is no canonical think block",
    "tools_rewritten": "tools are written in another way than the source wrote them",
    "turns_joined": "turns of calls that follow each other became one",
}
"""{code: what it means} of all that may be lost while the words stay the same."""


class _Piece(NamedTuple):
    """One thing that is said: a text, reasoning, an item of media or a call."""

    role: str
    kind: str
    value: str


def losses(before: Conversation, after: Conversation) -> list[str] | None:
    """The codes of what differs; None where the words themselves do: texts, calls, media or what
    the tools are. How a turn is cut into messages does not count, nor do source and warnings."""
    said, heard = _pieces(before), _pieces(after)
    in_text = said != heard
    if in_text and _folded(said) != _folded(heard):
        return None
    if _tools(before) != _tools(after):
        return None
    lost = {
        "call_ids_dropped": _ids(before) != _ids(after),
        "id_dropped": before.id != after.id,
        "loss_dropped": _weights(before) != _weights(after),
        "media_list_changed": before.media != after.media,
        "meta_dropped": dumps(_sorted(before.meta)) != dumps(_sorted(after.meta)),
        "names_dropped": _names(before) != _names(after),
        "native_dropped": before.native != after.native,
        "reasoning_in_text": in_text,
        "tools_rewritten": _raw(before) != _raw(after),
        "turns_joined": _calling(before) != _calling(after),
    }
    return [code for code, is_lost in lost.items() if is_lost]


def _pieces(conversation: Conversation) -> list[_Piece]:
    return [
        piece for message in conversation.messages for piece in _of_message(message, conversation)
    ]


def _of_message(message: Message, conversation: Conversation) -> list[_Piece]:
    role = message.role
    pieces = [] if message.reasoning is None else [_Piece(role, "reasoning", message.reasoning)]
    text = ""
    for part in message.content if isinstance(message.content, tuple) else ():
        if part.media is None:
            text += part.text
            continue
        if text:
            pieces.append(_Piece(role, "text", text))
        item = conversation.media[part.media]
        pieces.append(_Piece(role, item.type, item.ref))
        text = ""
    text = message.content if isinstance(message.content, str) else text
    if text:
        pieces.append(_Piece(role, "text", text))
    pieces += [
        _Piece(role, "call", dumps([call.name, call.arguments])) for call in message.tool_calls
    ]
    return pieces or [_Piece(role, "text", "")]


def _folded(pieces: list[_Piece]) -> list[_Piece]:
    """The pieces with reasoning as the think block that begins the text after it."""
    folded: list[_Piece] = []
    block = None
    for piece in pieces:
        if piece.kind == "reasoning":
            if block is not None:
                folded.append(_Piece(piece.role, "text", block))
            block = join_think(piece.value, "")
        elif block is not None:
            is_text = piece.kind == "text"
            folded.append(_Piece(piece.role, "text", block + (piece.value if is_text else "")))
            folded += [] if is_text else [piece]
            block = None
        else:
            folded.append(piece)
    return [*folded, _Piece("assistant", "text", block)] if block is not None else folded


def _tools(conversation: Conversation) -> list[str]:
    return [dumps([t.name, t.description, t.parameters]) for t in conversation.tools]


def _raw(conversation: Conversation) -> list[str]:
    return [dumps(tool.raw) for tool in conversation.tools]


def _ids(conversation: Conversation) -> list[str | None]:
    return [
        given
        for message in conversation.messages
        for given in (*(call.id for call in message.tool_calls), message.tool_call_id)
        if given is not None
    ]


def _names(conversation: Conversation) -> list[tuple[str, str]]:
    return [(m.role, m.name) for m in conversation.messages if m.name is not None]


def _weights(conversation: Conversation) -> list[tuple[bool | None, float | None]]:
    """The weights in the order in which they change: a turn may be cut into several messages."""
    weights = ((message.loss, message.loss_scale) for message in conversation.messages)
    return [pair for pair, _ in groupby(weights)]


def _calling(conversation: Conversation) -> int:
    return sum(bool(message.tool_calls) for message in conversation.messages)


def _sorted(meta: dict[str, Any]) -> dict[str, Any]:
    return {key: meta[key] for key in sorted(meta)}
