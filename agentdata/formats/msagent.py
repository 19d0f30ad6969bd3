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
from functools import lru_cache
from typing import Any

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

_MARK = re.compile(r"(<\|(?:start|end)of(?:think|exec)\|>)")
_KINDS: dict[str, NativeKind] = {
    "<|startofthink|>": "tool_call",
    "<|endofthink|>": "tool_call",
    "<|startofexec|>": "tool_result",
    "<|endofexec|>": "tool_result",
}
_CLOSING = {"<|startofthink|>": "<|endofthink|>", "<|startofexec|>": "<|endofexec|>"}
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
_BLANK_LINES = re.compile(r"\n\s*\n\s*")
_PERSONAS = 256
"""So many texts around the plugins are held cleaned, of so many characters at most:"""
_PERSONA_CHARS = 8192
_KNOWN = frozenset({"api_name", "parameters"})
_KNOWN_WITH_URL = _KNOWN | {"url"}


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
    if turns[0].role == "system" and all(not text or text.isspace() for _, text, _ in turns[1:]):
        turns = _unpacked(turns[0]) or turns
    messages: list[Message] = []
    tools: list[ToolSpec] = []
    state = _Calls()
    native: list[NativeTurn] = []
    for turn in turns:
        spans: tuple[tuple[NativeKind, str], ...] = (("text", turn.text),)
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
            spans = tuple([(kind, text) for kind, text, _ in pieces])
            messages += _read_assistant(pieces, turn, state)
        native.append(NativeTurn(turn.role, spans))
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


_Piece = tuple[NativeKind, str, str]
"""A piece of an assistant's value: its kind, its text, and what stands between the marks of a
block."""


def _split(turn: Turn) -> list[_Piece]:
    """The pieces of an assistant's value; their texts concatenate to it. White space between a
    block and a result behind it belongs to the result."""
    pieces: list[_Piece] = []
    cut = _MARK.split(turn.text)  # a text, a mark, a text, ..., a text
    before, at = cut[0], 1
    while at < len(cut):
        opening = cut[at]
        kind, closing = _KINDS[opening], _CLOSING.get(opening)
        try:
            end = cut.index(closing, at)
        except ValueError:
            message = f"{opening} has no counterpart"
            raise RowError(f"bad_{kind}", message, pointer=turn.pointer) from None
        inner = cut[at + 1] if end == at + 2 else "".join(cut[at + 1 : end])
        if before and not (kind == "tool_result" and pieces and not before.strip()):
            pieces.append(("content", before, ""))
            before = ""
        pieces.append((kind, f"{before}{opening}{inner}{closing}", inner))
        before, at = cut[end + 1], end + 2
    if before:
        pieces.append(("content", before, ""))
    return pieces


def _read_assistant(pieces: list[_Piece], turn: Turn, state: _Calls) -> list[Message]:
    if not pieces or (len(pieces) == 1 and pieces[0][0] == "content"):
        return [Message("assistant", turn.text)]
    messages: list[Message] = []
    # The assistant's message that is being put together, and the calls that wait for a result.
    said, calls, waiting = "", list[ToolCall](), 0
    for kind, text, inner in pieces:
        if kind == "tool_call":
            calls.append(_read_call(inner, turn, state))
            waiting += 1
            continue
        text = text.strip() if kind == "content" else ""
        if kind == "content" and not text:
            continue
        if said or calls:
            messages.append(Message("assistant", said, None, tuple(calls)))
            calls = []
        said = text
        if kind == "tool_result":
            if not waiting:
                state.warnings.append(RESULT_WITHOUT_CALL)
            waiting = max(0, waiting - 1)
            messages.append(Message("tool", _unfenced(inner)))
    if said or calls:
        messages.append(Message("assistant", said, None, tuple(calls)))
    state.warnings.extend([CALL_WITHOUT_RESULT] * waiting)
    return messages


def _read_call(inner: str, turn: Turn, state: _Calls) -> ToolCall:
    try:
        call = loads(_unfenced(inner))
    except JsonError as error:
        message = f"the call is no JSON: {error}"
        raise RowError("bad_tool_call", message, pointer=turn.pointer) from None
    name = call.get("api_name") if isinstance(call, dict) else None
    if not isinstance(name, str):
        raise RowError("bad_tool_call", "the call has no api_name", pointer=turn.pointer)
    url = call.get("url")
    known = _KNOWN_WITH_URL if isinstance(url, str) else _KNOWN
    state.urls.append(url if isinstance(url, str) else None)
    state.extras.append(
        {}
        if call.keys() <= known
        else {key: value for key, value in call.items() if key not in known}
    )
    return ToolCall(name, read_arguments(call.get("parameters"), state.warnings))


def _unfenced(inner: str) -> str:
    """What stands inside a block's fence; the text itself where there is none."""
    text = inner.strip()
    if len(text) < 2 * len(_FENCE) or not (text.startswith(_FENCE) and text.endswith(_FENCE)):
        return inner
    text = text[len(_FENCE) : -len(_FENCE)]
    language = _LANGUAGE.search(text)
    if language is not None:
        text = text[: language.start()] + text[language.end() :]
    return text.strip()


def _read_system(text: str, warnings: list[str]) -> tuple[list[ToolSpec], str]:
    tools, rest = take_json_plugins(text, warnings)
    if not tools:
        return [], text
    return tools, (_known_persona if len(rest) <= _PERSONA_CHARS else _persona)(rest)


def _persona(rest: str) -> str:
    """What is left of a system text without its plugins."""
    if _INFORMATION in rest:
        rest = _HOW_TO_CALL.sub("", rest)
    return _BLANK_LINES.sub("\n\n", rest).strip()


# Most rows of a file have the same one.
_known_persona = lru_cache(_PERSONAS)(_persona)


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
        Turn(ROLES[role], text, system.place) for role, text in cleaned if text or role != "system"
    ]


FORMAT = Format(
    name="msagent",
    summary="MSAgent-Bench: plugins in the system text, startofthink and startofexec blocks",
    row_model=MSAgentRow,
    detect=detect,
    read=read,
    explode=_prompt_rows,
)
