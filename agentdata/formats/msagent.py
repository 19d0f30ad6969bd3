"""MSAgent-Bench: plugins in the system text, calls and results inside the assistant's text.

What becomes of a row:
- The system message keeps the persona and whatever else the text says; the plugin lines become
  tools, and the line that tells how to write a call goes, since a template says that in its own
  words. A text without either is kept to the letter.
- An assistant's value becomes a chain of messages: text with calls, results, text. White space
  next to a block's marks belongs to the marks; a value without blocks is kept to the letter.
- `native` keeps every value to the letter. `meta["call_urls"]` holds the url of each call in
  order, None where it has none; `meta["call_extras"]` the other unknown keys, if there are any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from agentdata.conversation import Conversation, Message, NativeKind, NativeTurn, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.msagent_rows import (
    ROLES,
    MSAgentRow,
    Turn,
    has_own_id,
    some_messages,
    texts_of,
    turns_of,
)
from agentdata.formats.common.plugins import NUMBERED_JSON, take_json_plugins
from agentdata.formats.common.react import is_react
from agentdata.formats.common.react_steps import CALL_WITHOUT_RESULT, RESULT_WITHOUT_CALL
from agentdata.formats.common.values import row_id
from agentdata.json_text import JsonError, loads

_MARK = re.compile(r"<\|(start|end)of(think|exec)\|>")
_KINDS: dict[str, NativeKind] = {"think": "tool_call", "exec": "tool_result"}
_FENCE = "```"
_LANGUAGE = re.compile(r"[ \t]*(?:json)?(?=[\s{\[])", re.IGNORECASE)
_INFORMATION = "信息如下"
_HOW_TO_CALL = re.compile(
    rf"(?:当前对话可以使用的|目前支持的|当前支持的|可以使用的)?(?:插件|API){_INFORMATION}[^\n]*"
)
_TURN_MARK = re.compile(r"<\|(system|user|assistant)\|>[:：]")
_SPEAKER = re.compile(r"^(?:(用户|Human)|Assistant|[\w.-]+-Chat)[:：]", re.MULTILINE)
_END = "</s>"
_LABEL = re.compile(r"\W{0,4}\w{0,40}[:：]?\s*")


def detect(row: dict[str, Any]) -> Fit:
    """Marked by the blocks, by plugin lines, or by the id where it is not the ReAct edition; and a
    `text` that holds a conversation between marks of roles, or one with blocks between names."""
    if _is_prompt(row):
        return Fit.MARKED
    texts = texts_of(row)
    if texts is None:
        return Fit.NO
    if any(_MARK.search(text) for _, text in texts) or any(
        NUMBERED_JSON.search(text) or _embedded(text) for role, text in texts if role == "system"
    ):
        return Fit.MARKED
    return Fit.MARKED if has_own_id(row) and not is_react(texts) else Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row.

    Raises RowError: `bad_tool_call` (a call that is no JSON of a call, an open block),
    `bad_tool_result` (an open block), and those of the envelope.
    """
    turns = turns_of(row)
    if turns[0].role == "system" and not any(turn.text.strip() for turn in turns[1:]):
        turns = _unpacked(turns[0]) or turns
    messages: list[Message] = []
    tools: list[ToolSpec] = []
    state = _Calls()
    native: list[NativeTurn] = []
    for turn in turns:
        spans: list[tuple[NativeKind, str]] = [("text", turn.text)]
        if turn.role == "system":
            found, text = _read_system(turn.text, state.warnings)
            tools.extend(found)
            if text:
                messages.append(Message("system", text))
        elif turn.role == "user":
            # Where there is no system text, the first question may begin with the plugins.
            found, text = ([], turn.text) if native else _read_system(turn.text, state.warnings)
            tools.extend(found)
            messages.append(Message("user", text))
        else:
            pieces = _split(turn)
            spans = [(piece.kind, piece.text) for piece in pieces if piece.text]
            messages.extend(_read_assistant(pieces, turn, state))
        native.append(NativeTurn(turn.role, tuple(spans)))
    return Conversation(
        id=row_id(row),
        messages=some_messages(messages),
        tools=tuple(tools),
        native=tuple(native),
        warnings=tuple(state.warnings),
        meta=state.meta(),
    )


@dataclass(slots=True)
class _Calls:
    """What is known of the calls so far, over all turns."""

    urls: list[str | None] = field(default_factory=list)
    extras: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def meta(self) -> dict[str, Any]:
        meta: dict[str, Any] = {"call_urls": self.urls} if self.urls else {}
        if any(self.extras):
            meta["call_extras"] = self.extras
        return meta


class _Piece(NamedTuple):
    """A piece of an assistant's value; `inner` is what stands between the marks of a block."""

    kind: NativeKind
    text: str
    inner: str = ""


def _split(turn: Turn) -> list[_Piece]:
    """The pieces of an assistant's value; their texts concatenate to it. White space between a
    block and a result behind it belongs to the result."""
    pieces: list[_Piece] = []
    text, end = turn.text, 0
    while opening := _MARK.search(text, end):
        kind = _KINDS[opening[2]]
        closing = text.find(f"<|endof{opening[2]}|>", opening.end())
        if opening[1] == "end" or closing < 0:
            raise RowError(f"bad_{kind}", f"{opening[0]} has no counterpart", pointer=turn.pointer)
        start = opening.start()
        if kind == "tool_result" and pieces and not text[end:start].strip():
            start = end
        elif start > end:
            pieces.append(_Piece("content", text[end:start]))
        end = closing + len(f"<|endof{opening[2]}|>")
        pieces.append(_Piece(kind, text[start:end], text[opening.end() : closing]))
    if end < len(text):
        pieces.append(_Piece("content", text[end:]))
    return pieces


def _read_assistant(pieces: list[_Piece], turn: Turn, state: _Calls) -> list[Message]:
    if all(piece.kind == "content" for piece in pieces):
        return [Message("assistant", turn.text)]
    messages: list[Message] = []
    # The assistant's message that is being put together, and the calls that wait for a result.
    text, calls, waiting = "", list[ToolCall](), 0

    def close() -> None:
        nonlocal text
        if text or calls:
            messages.append(Message("assistant", text, tool_calls=tuple(calls)))
        text = ""
        calls.clear()

    for piece in pieces:
        if piece.kind == "tool_call":
            calls.append(_read_call(piece.inner, turn.pointer, state))
            waiting += 1
        elif piece.kind == "tool_result":
            close()
            if not waiting:
                state.warnings.append(RESULT_WITHOUT_CALL)
            waiting = max(0, waiting - 1)
            messages.append(Message("tool", _unfenced(piece.inner)))
        elif piece.text.strip():
            close()
            text = piece.text.strip()
    close()
    state.warnings.extend([CALL_WITHOUT_RESULT] * waiting)
    return messages


def _read_call(inner: str, pointer: str, state: _Calls) -> ToolCall:
    try:
        call = loads(_unfenced(inner))
    except JsonError as error:
        raise RowError("bad_tool_call", f"the call is no JSON: {error}", pointer=pointer) from None
    if not isinstance(call, dict) or not isinstance(call.get("api_name"), str):
        raise RowError("bad_tool_call", "the call has no api_name", pointer=pointer)
    url = call.get("url")
    state.urls.append(url if isinstance(url, str) else None)
    known = {"api_name", "parameters"} | ({"url"} if isinstance(url, str) else set())
    state.extras.append({key: value for key, value in call.items() if key not in known})
    return ToolCall(call["api_name"], read_arguments(call.get("parameters"), state.warnings))


def _unfenced(inner: str) -> str:
    """What stands inside a block's fence; the text itself where there is none."""
    text = inner.strip()
    if len(text) < 2 * len(_FENCE) or not (text.startswith(_FENCE) and text.endswith(_FENCE)):
        return inner
    text = text[len(_FENCE) : -len(_FENCE)]
    return _LANGUAGE.sub("", text, count=1).strip()


def _read_system(text: str, warnings: list[str]) -> tuple[list[ToolSpec], str]:
    tools, rest = take_json_plugins(text, warnings)
    if not tools:
        return [], text
    if _INFORMATION in rest:
        rest = _HOW_TO_CALL.sub("", rest)
    return tools, re.sub(r"\n\s*\n\s*", "\n\n", rest).strip()


def _embedded(text: str) -> bool:
    roles = [mark[1] for mark in _TURN_MARK.finditer(text)]
    return "user" in roles and "assistant" in roles


def _is_prompt(row: dict[str, Any]) -> bool:
    """Whether the row is a prompt as the model gets it, system text, questions and replies."""
    text = row.get("text")
    if not isinstance(text, str) or "conversations" in row:
        return False
    marked = {"system", "user", "assistant"} <= set(_TURN_MARK.findall(text))
    return marked or (_MARK.search(text) is not None and len(_named_turns(text)) > 1)


def _named_turns(text: str) -> list[dict[str, str]]:
    """The turns of a transcript in which each begins with the name of who speaks."""
    pieces = _SPEAKER.split(text)
    pairs = zip(pieces[1::2], pieces[2::2], strict=True)
    return [
        {"from": "user" if name else "assistant", "value": said.strip()} for name, said in pairs
    ]


def _prompt_rows(row: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if not _is_prompt(row):
        yield "", row
        return
    text = row["text"]
    others = {key: value for key, value in row.items() if key != "text"}
    if "<|system|>" not in text:
        yield "/text", {**others, "conversations": _named_turns(text)}
        return
    first = text.index("<|system|>")
    # A log prints a name before the prompt.
    text = text[first:] if _LABEL.fullmatch(text, 0, first) else text
    yield "/text", {**others, "conversations": [{"from": "system", "value": text}]}


def _unpacked(system: Turn) -> list[Turn] | None:
    """The turns of a whole conversation that sits inside the system value, by its marks; white
    space next to the marks and `</s>` belong to them."""
    if not _embedded(system.text):
        return None
    pieces = _TURN_MARK.split(system.text)
    turns = [("system", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    cleaned = [(role, text.strip().removesuffix(_END).strip()) for role, text in turns]
    return [
        Turn(ROLES[role], text, system.pointer)
        for role, text in cleaned
        if text or role != "system"
    ]


FORMAT = Format(
    name="msagent",
    summary="MSAgent-Bench: plugins in the system text, startofthink and startofexec blocks",
    row_model=MSAgentRow,
    detect=detect,
    read=read,
    explode=_prompt_rows,
)
