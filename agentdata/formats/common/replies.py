"""Texts of the model that hold what others said: results behind calls, whole turns.

Data sets of rollouts often publish all that stood in the model's context behind the question as its
answer. What is not the model's own is taken out of it, as messages of those who said it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agentdata.conversation import Conversation, Message, Part, ToolCall, ToolSpec
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.hermes_text import is_results, split_blocks
from agentdata.formats.common.reply_turns import MODEL, STYLES, SYSTEM, USER, turns_in
from agentdata.formats.common.result_marks import SIGNS
from agentdata.formats.common.result_text import (
    RESULT_OPENINGS,
    Piece,
    calls_at_end,
    cut_at_results,
)
from agentdata.formats.common.signs import one_of
from agentdata.formats.common.think import split_spelled_think

may_hold_others = one_of((*RESULT_OPENINGS, *(style.sign for style in STYLES)))
"""Whether a text bears a sign of results or turns: a cheap test that rules most texts out."""


def results_apart(conversation: Conversation) -> Conversation:
    """The conversation in which no text of the model holds what can be told to be another's.

    Rows with native turns keep their texts: their readers have told apart what stands in them.
    """
    if conversation.native or not any(map(_may_hold, conversation.messages)):
        return conversation
    warnings: list[str] = []
    messages: list[Message] = []
    places: dict[str, str] = {}
    for index, message in enumerate(conversation.messages):
        places[str(index)] = str(len(messages))
        answers = bool(messages) and bool(messages[-1].tool_calls)
        messages += _apart(message, conversation.tools, warnings, answers) or [message]
    if len(messages) == len(conversation.messages):
        return conversation
    meta = dict(conversation.meta)
    if "think_marks" in meta:
        meta["think_marks"] = {places[key]: marks for key, marks in meta["think_marks"].items()}
    return replace(
        conversation,
        messages=tuple(messages),
        warnings=(*conversation.warnings, *warnings),
        meta=meta,
    )


def _may_hold(message: Message) -> bool:
    if message.role != "assistant":
        return False
    text, reasoning = _words(message.content), message.reasoning
    return bool((text and may_hold_others(text)) or (reasoning and may_hold_others(reasoning)))


def _words(content: str | tuple[Part, ...]) -> str | None:
    """The text of a content that is nothing but text."""
    if isinstance(content, str):
        return content
    if any(part.type != "text" for part in content):
        return None
    return "".join(part.text for part in content)


def _apart(
    message: Message, tools: Sequence[ToolSpec], warnings: list[str], answers: bool
) -> list[Message]:
    """The messages in one of the model; [] where it is its own."""
    text = _words(message.content)
    if message.role != "assistant" or text is None:
        return []
    turns = turns_of(message, warnings, tools)
    if len(turns) == 1:
        return _said(message, text, tools, warnings, answers)
    messages: list[Message] = []
    for turn in turns:
        if turn.role == "user":
            messages += _asked(turn)
        elif turn.role == "assistant":
            answers = bool(messages) and bool(messages[-1].tool_calls)
            own = _said(turn, turn.text, tools, warnings, answers)
            messages += own or [_with_thought(turn, turn.text)]
        else:
            messages.append(turn)
    return messages


def turns_of(
    message: Message, warnings: list[str], tools: Sequence[ToolSpec] = ()
) -> list[Message]:
    """The turns that a message of the model holds where it goes on behind its own end; else the
    message alone."""
    text = _words(message.content) if message.role == "assistant" else None
    turns = turns_in(text) if text and any(sign in text for sign in SIGNS) else []
    if len(turns) < 2:
        return [message]
    messages: list[Message] = []
    reasoning = message.reasoning
    for number, (role, said, to) in enumerate(turns):
        if role in MODEL:
            words = said
            calls: tuple[ToolCall, ...] = ()
            if to:
                words, calls = "", (ToolCall(to, read_arguments(said, warnings)),)
            elif number < len(turns) - 1:
                words, calls = calls_at_end(said, warnings, tools)
            messages.append(replace(message, content=words, reasoning=reasoning, tool_calls=calls))
            reasoning = None
        elif role in USER:
            messages.append(Message("user", said))
        else:
            messages.append(Message("system" if role in SYSTEM else "tool", said))
    return _with_calls(messages, message)


def _asked(message: Message) -> Iterator[Message]:
    """A turn of the user, or the results in it."""
    if not is_results(message.text):
        yield message
        return
    for piece in split_blocks(message.text):
        is_result = piece.kind == "tool_response"
        yield Message("tool" if is_result else "user", piece.text.strip())


def _said(
    message: Message, text: str, tools: Sequence[ToolSpec], warnings: list[str], answers: bool
) -> list[Message]:
    """The messages in a text of the model without turns of others; [] where it is its own."""
    reasoning, words = message.reasoning, text
    if reasoning is None:
        reasoning, words, _ = split_spelled_think(text)
    thought = cut_at_results(reasoning or "", warnings, tools, answers=answers)
    spoken = cut_at_results(words, warnings, tools, answers=answers and not reasoning)
    if not thought and not spoken:
        return []
    messages = [_thought(message, piece) for piece in thought]
    pending = reasoning
    if thought:
        pending = None if thought[-1].is_result else (messages.pop().reasoning or None)
    pieces = spoken or [Piece(words)]
    for piece in pieces:
        if piece.is_result:
            messages.append(Message("tool", piece.text))
            continue
        said = replace(message, content=piece.text, reasoning=pending, tool_calls=piece.calls)
        if pending is None and spoken:
            said = _with_thought(said, piece.text)
        pending = None
        if said.content or said.tool_calls or said.reasoning is not None:
            messages.append(said)
    if pending is not None:
        messages.append(replace(message, content="", reasoning=pending, tool_calls=()))
    return _with_calls(messages, message)


def _thought(message: Message, piece: Piece) -> Message:
    if piece.is_result:
        return Message("tool", piece.text)
    return replace(message, content="", reasoning=piece.text or None, tool_calls=piece.calls)


def _with_thought(message: Message, text: str) -> Message:
    """The message of a text that may begin with a think block."""
    if message.reasoning is not None:
        return replace(message, content=text)
    reasoning, words, _ = split_spelled_think(text)
    return replace(message, content=words, reasoning=reasoning)


def _with_calls(messages: list[Message], message: Message) -> list[Message]:
    """The messages, with the calls that the message itself made at their end."""
    if not message.tool_calls:
        return messages
    last = messages[-1]
    if last.role != "assistant" or last.tool_calls:
        return [*messages, replace(message, content="", reasoning=None)]
    return [*messages[:-1], replace(last, tool_calls=message.tool_calls)]
