"""Hermes function calling: tools, calls and results stand in the texts, between XML marks.

What becomes of a row: the tools of `<tools>` in a system or user text become tools, and the text
goes on without them; an instruction that says nothing but how to write a call goes too, since a
template says that in its own words. The assistant's blocks become calls, results in the user's or
a tool's text become tool messages. White space next to a block's marks belongs to the marks; a text
without blocks is kept to the letter.

`meta["think_marks"]` holds, by the index of the message, how a think block was written where it was
not canonical. Sources: hermes-function-calling-v1, Qwen's chat templates, WebDancer, GLM-4.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats import openai, sharegpt, swift
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import Act, Dialect, messages_key, read_chat, roles_of
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.hermes_text import (
    is_hermes,
    is_results,
    read_calls,
    split_blocks,
    take_tools,
)
from agentdata.formats.common.replies import turns_of
from agentdata.formats.common.rows import Row, ShareTurn
from agentdata.formats.common.think import split_spelled_think
from agentdata.formats.common.turns import TextTurn, labelled_turns, special_token_turns
from agentdata.formats.common.values import check, first_key, first_value, json_or_none

DIALECT = Dialect(
    messages=("messages", "conversations", "conversation", "chat"),
    role=("role", "from"),
    content=("content", "value"),
    roles={**sharegpt.DIALECT.roles, **swift.DIALECT.roles},
)
_TEXT_KEYS = ("text", "example")
_CALL_ROLES = frozenset({"tool_call", "function_call"})
_LABEL = re.compile(r"^(SYSTEM|USER|ASSISTANT|TOOL):", re.MULTILINE)


class HermesRow(Row):
    """A row of `hermes`: a list of messages, or the whole conversation as ChatML text."""

    messages: list[ShareTurn] | str | None = None
    conversations: list[ShareTurn] | str | None = None
    conversation: list[ShareTurn] | None = None
    chat: list[ShareTurn] | None = None
    text: str | None = None
    example: str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by `<tool_call>` with JSON in a text of the model, `<tool_response>` at the beginning
    of an answer, or `<tools>` with JSON before; also in a text of ChatML, Llama 3 or
    Gemma."""
    listed = unfold(row)
    row = _with_messages(listed)
    roles = roles_of(row, DIALECT)
    if roles is None:
        return Fit.NO
    if any(map(_is_marked, row[messages_key(row, DIALECT) or ""])) and not (
        _CALL_ROLES & set(roles)
    ):
        return Fit.MARKED
    # Without the marks, a row is one of these.
    others = (openai.detect, sharegpt.detect, swift.detect)
    return Fit.READABLE if any(other(listed) for other in others) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `bad_tool_call` (a call that is no valid JSON),
    and those of lists of messages."""
    row = _with_messages(row, strict=True)
    check(HermesRow, row)
    return _Unfolding(read_chat(row, DIALECT), row).conversation()


def _is_marked(message: Mapping[str, Any]) -> bool:
    text = first_value(message, DIALECT.content)
    act = DIALECT.act(first_value(message, DIALECT.role))
    return isinstance(text, str) and is_hermes(text, by_model=act is Act.ASSISTANT)


def _with_messages(row: dict[str, Any], strict: bool = False) -> dict[str, Any]:
    """The row with a list of messages, also where it is one text."""
    row = unfold(row, strict)
    if messages_key(row, DIALECT) is not None:
        return row
    text = first_value(row, _TEXT_KEYS)
    turns = _text_turns(text) if isinstance(text, str) else []
    if not turns:
        return row
    return {**row, "messages": [{"role": t.role, "content": t.text} for t in turns]}


def _text_turns(text: str) -> list[TextTurn]:
    turns = special_token_turns(text)
    if not turns and "<tools>" in text:
        unfenced = text.strip().removeprefix("```").removesuffix("```")
        turns = [TextTurn(t.role.lower(), t.text) for t in labelled_turns(unfenced, _LABEL)]
        if not any(turn.role == "assistant" for turn in turns):
            return []
    return turns


class _Unfolding:
    """The conversation with what its texts hold as tools, calls, results and reasoning. `row` is
    where it was read from."""

    def __init__(self, conversation: Conversation, row: Mapping[str, Any]) -> None:
        self.given, self.row = conversation, row
        self.key = messages_key(row, DIALECT) or ""
        self.added = max(0, len(conversation.messages) - len(row[self.key]))
        self.messages: list[Message] = []
        self.tools: list[ToolSpec] = []
        self.warnings = list(conversation.warnings)
        self.marks: dict[str, tuple[str, str]] = {}

    def conversation(self) -> Conversation:
        for index, given in enumerate(self.given.messages):
            pointer = self._pointer(max(0, index - self.added))
            for message in turns_of(given, self.warnings, self.given.tools):
                if not isinstance(message.content, str):
                    self.messages.append(message)
                elif message.role == "assistant":
                    self._assistant(message, message.content, pointer)
                elif message.role == "tool":
                    self.messages.extend(_results(message, message.content))
                else:
                    self._asked(message, message.content, pointer)
        if not self.messages:
            raise RowError("no_messages", "the row has tools alone", pointer=f"/{self.key}")
        meta = dict(self.given.meta)
        if self.marks:
            meta["think_marks"] = {key: list(marks) for key, marks in self.marks.items()}
        return replace(
            self.given,
            messages=tuple(self.messages),
            tools=tuple(self.tools) or self.given.tools,
            warnings=tuple(self.warnings),
            meta=meta,
        )

    def _pointer(self, index: int) -> str:
        text_key = first_key(self.row, _TEXT_KEYS)
        if text_key is not None:
            return f"/{text_key}"
        raw = self.row[self.key][index]
        return f"/{self.key}/{index}/{first_key(raw, DIALECT.content) or DIALECT.content[0]}"

    def _asked(self, message: Message, text: str, pointer: str) -> None:
        tools, rest = take_tools(text, pointer, self.warnings) if not self.tools else ((), text)
        self.tools.extend(tools)
        if tools:
            if rest:
                self.messages.append(replace(message, content=rest))
        elif message.role == "user" and is_results(text):
            self.messages.extend(_results(message, text))
        else:
            self.messages.append(message)

    def _assistant(self, message: Message, text: str, pointer: str) -> None:
        reasoning = message.reasoning
        if reasoning is None:
            reasoning, text = self._think(text)
        calls: list[tuple[ToolCall, ...]] = []

        def is_call(inner: str) -> bool:
            found = read_calls(inner, pointer, self.warnings, self.tools or self.given.tools)
            calls.extend([] if found is None else [found])
            return found is not None

        before = len(self.messages)
        said = replace(message, content="", reasoning=reasoning, tool_calls=())
        for piece in split_blocks(text, is_call):
            if piece.kind == "tool_call":
                said = replace(said, tool_calls=said.tool_calls + calls.pop(0))
            elif piece.kind == "tool_response":
                said = self._close(said)
                self.messages.append(_result(piece.text))
            else:
                said = self._close(said) if said.tool_calls else said
                thought, rest = said.reasoning, piece.text
                if thought is None:
                    thought, rest = self._think(rest)
                said = replace(said, content=rest, reasoning=thought)
        said = replace(said, tool_calls=said.tool_calls + message.tool_calls)
        if _says_anything(said) or len(self.messages) == before:
            self.messages.append(said)

    def _close(self, said: Message) -> Message:
        """Add what was said so far, and begin anew."""
        if _says_anything(said):
            self.messages.append(said)
        return replace(said, content="", reasoning=None, tool_calls=())

    def _think(self, text: str) -> tuple[str | None, str]:
        reasoning, text, marks = split_spelled_think(text)
        if marks is not None:
            self.marks[str(len(self.messages))] = marks
        return reasoning, text


def _says_anything(message: Message) -> bool:
    return bool(message.content or message.tool_calls) or message.reasoning is not None


def _results(message: Message, text: str) -> Iterator[Message]:
    """The tool messages of an answer, and what the user adds to them."""
    pieces = split_blocks(text)
    if all(piece.kind == "text" for piece in pieces):
        yield message
        return
    for piece in pieces:
        if piece.kind == "tool_response":
            result = _result(piece.text)
            one = sum(p.kind == "tool_response" for p in pieces) == 1
            if message.role == "tool" and one:
                result = replace(
                    message,
                    content=result.content,
                    tool_call_id=message.tool_call_id or result.tool_call_id,
                    name=message.name or result.name,
                )
            yield result
        else:
            yield replace(message, content=piece.text)


def _result(inner: str) -> Message:
    """A result as it stands; {"name", "content"} also tells whose it is."""
    text = inner.strip()
    value = json_or_none(text) if text.startswith("{") else None
    name = call_id = None
    if isinstance(value, dict) and "content" in value:
        name, call_id = value.get("name"), value.get("tool_call_id")
    return Message(
        "tool",
        text,
        tool_call_id=call_id if isinstance(call_id, str) else None,
        name=name if isinstance(name, str) else None,
    )


FORMAT = Format(
    name="hermes",
    summary="<tools>, <tool_call> and <tool_response> in the texts of messages or of ChatML",
    row_model=HermesRow,
    detect=detect,
    read=read,
)
