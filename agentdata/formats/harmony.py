"""Harmony (gpt-oss): rendered text, or messages with a recipient and a channel."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from agentdata.call_text.harmony import CHANNEL, NAMESPACE, START, Header, is_harmony, messages_of
from agentdata.conversation import Conversation, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.harmony_tools import take_tools
from agentdata.formats.common.rows import ToolsField
from agentdata.formats.common.talk import Talk
from agentdata.formats.common.tools import read_tools
from agentdata.formats.common.values import check, row_id

ROLES = ("system", "developer", "user", "assistant", "tool")
CHANNELS = ("analysis", "commentary", "final")
_TEXTS = ("text", "harmony", "prompt")


class HarmonyRow(BaseModel):
    """A row of `harmony`: rendered text, or messages."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    text: str | None = None
    harmony: str | None = None
    prompt: str | None = None
    completion: str | None = None
    messages: list[dict[str, Any]] | None = None
    tools: ToolsField = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by the control tokens of the rendered text, or by messages with a `channel`, a
    `recipient` or a `content_type`."""
    if _text(row):
        return Fit.MARKED
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        return Fit.NO
    marked = False
    for message in messages:
        if not isinstance(message, dict) or not isinstance(_author(message).get("role"), str):
            return Fit.NO
        if message.get("tool_calls"):
            return Fit.NO
        marks = ("recipient", "content_type")
        marked = marked or message.get("channel") in CHANNELS
        marked = marked or any(isinstance(message.get(key), str) for key in marks)
    return Fit.MARKED if marked else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    check(HarmonyRow, row)
    talk = Talk()
    tools = list(read_tools(row.get("tools"), "/tools"))
    rendered = _text(row)
    if rendered:
        _read_rendered(rendered[1], f"/{rendered[0]}", talk, tools)
    else:
        for index, message in enumerate(row.get("messages") or []):
            _read_message(message, f"/messages/{index}", talk, tools)
    talk.close()
    if rendered and not talk.spoke:
        raise RowError(
            "no_model_turn", "a prompt without a turn of the model", pointer=f"/{rendered[0]}"
        )
    return talk.conversation(row_id(row), tuple(tools))


def _text(row: dict[str, Any]) -> tuple[str, str] | None:
    """The rendered text of a row and its key; a completion goes on from its prompt."""
    for key in _TEXTS:
        value = row.get(key)
        if isinstance(value, str) and is_harmony(value):
            more = row.get("completion")
            return key, value + (more if key == "prompt" and isinstance(more, str) else "")
    return None


def _read_rendered(text: str, pointer: str, talk: Talk, tools: list[ToolSpec]) -> None:
    end = 0
    for message in messages_of(text):
        _check_between(text[end : message.start], pointer)
        _read(message.header, text[slice(*message.body)], pointer, talk, tools)
        end = message.end
    if not text.startswith((START, CHANNEL), end):  # The head of a turn that is yet to come.
        _check_between(text[end:], pointer)


def _check_between(text: str, pointer: str) -> None:
    if text.strip():
        raise RowError("text_outside_messages", "text between two messages", pointer=pointer)


def _author(message: dict[str, Any]) -> dict[str, Any]:
    author = message.get("author")
    return author if isinstance(author, dict) else message


def _read_message(message: dict[str, Any], pointer: str, talk: Talk, tools: list[ToolSpec]) -> None:
    author = _author(message)
    role, name = author.get("role"), author.get("name")
    if role not in ROLES:
        raise RowError(
            "unknown_role",
            f"the role {role!r} is none of: {', '.join(ROLES)}",
            pointer=f"{pointer}/role",
        )
    if role == "tool" and isinstance(name, str):
        role = name
    recipient = message.get("recipient")
    header = Header(
        role=role,
        recipient=recipient if isinstance(recipient, str) else None,
        channel=message.get("channel"),
    )
    thinking = message.get("thinking")
    if role == "assistant" and isinstance(thinking, str):
        talk.reasoning(thinking)
    content = message.get("content")
    text = _content(content, f"{pointer}/content", tools)
    _read(header, text, f"{pointer}/content", talk, tools)


def _content(value: Any, pointer: str, tools: list[ToolSpec]) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    texts = []
    for index, part in enumerate(value if isinstance(value, list) else [value]):
        at = f"{pointer}/{index}"
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif isinstance(part, dict) and str(part.get("type")).endswith("_content"):
            texts.append(_prompt(part, at, tools))
        else:
            raise RowError("unknown_part", "a part that is no text", pointer=at)
    return "".join(texts)


def _prompt(part: dict[str, Any], pointer: str, tools: list[ToolSpec]) -> str:
    """The text of a system or developer content; its namespaces of tools are taken in."""
    spaces = part.get("tools")
    for name, space in (spaces if isinstance(spaces, dict) else {}).items():
        listed = space.get("tools") if isinstance(space, dict) else None
        found = read_tools(listed, f"{pointer}/tools/{name}/tools") or (
            read_tools([space], f"{pointer}/tools") if isinstance(space, dict) else ()
        )
        tools += found
    lines = [part.get("model_identity"), part.get("instructions")]
    for label, key in (
        ("Knowledge cutoff", "knowledge_cutoff"),
        ("Current date", "conversation_start_date"),
        ("Reasoning", "reasoning_effort"),
    ):
        if isinstance(part.get(key), str):
            lines.append(f"{label}: {part[key]}")
    return "\n".join(line for line in lines if isinstance(line, str) and line)


def _read(header: Header, text: str, pointer: str, talk: Talk, tools: list[ToolSpec]) -> None:
    role, recipient = header.role, header.recipient
    if role in ("system", "developer"):
        found, rest = take_tools(text)
        tools += found
        talk.system(rest)
    elif role == "user":
        talk.user([talk.text(text)])
    elif role != "assistant":
        name = role.removeprefix(NAMESPACE)
        talk.result(text, pointer, name=name if name != "tool" else None)
    elif header.is_call and recipient is not None:
        # Tools of the model's own, such as python, take text as it is.
        warnings = talk.warnings if recipient.startswith(NAMESPACE) else []
        talk.call(ToolCall(recipient.removeprefix(NAMESPACE), read_arguments(text, warnings)))
    elif header.channel == "analysis":
        talk.reasoning(text)
    else:
        talk.new_message()
        talk.say(talk.text(text))


FORMAT = Format(
    name="harmony",
    summary="harmony (gpt-oss): rendered text, or messages with recipient and channel",
    row_model=HarmonyRow,
    detect=detect,
    read=read,
)
