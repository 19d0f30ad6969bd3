"""NeMo chat data: a `mask` names the roles without loss; calls stand in the texts.

Tools stand in `<AVAILABLE_TOOLS>` or as lines of a ReAct instruction, calls in `<TOOLCALL>` (Python
calls or JSON) or after `Action:`, results in turns of `Function`. A second shape has them as
`func_call` and `func_return` on turns of the model. Source: NeMo's chat SFT data format.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pydantic import Field
from typing_extensions import TypedDict

from agentdata.conversation import Conversation, Message, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_arguments, read_calls_text
from agentdata.formats.common.chat import Act, Dialect, messages_key, read_chat, roles_of
from agentdata.formats.common.json_run import json_run
from agentdata.formats.common.python_calls import read_python_calls
from agentdata.formats.common.rows import Row, ShareTurn
from agentdata.formats.common.tools import read_tool
from agentdata.formats.common.values import check, json_or_none, literal_or_text
from agentdata.json_text import dumps

DIALECT = Dialect(
    messages=("conversations", "messages", "chat"),
    role=("from", "role"),
    content=("value", "content"),
    roles={
        "system": Act.SYSTEM,
        "user": Act.USER,
        "assistant": Act.ASSISTANT,
        "function": Act.TOOL,
        "tool": Act.TOOL,
    },
)
_TOOLS = re.compile(r"<AVAILABLE_TOOLS>(.*?)</AVAILABLE_TOOLS>", re.DOTALL)
_CALLS = re.compile(r"<TOOLCALL>(.*?)</TOOLCALL>", re.DOTALL)
_RESULT = re.compile(r"\s*<TOOL_RESPONSE>(.*)</TOOL_RESPONSE>\s*", re.DOTALL)
# The breaks of lines may be written out as \n.
_ACTION = re.compile(
    r"Action:\s*(?P<name>[^\n\\]+?)\s*(?:\\n|\n)\s*Action Input:(?P<input>.*)", re.S
)
_REACT_TOOL = re.compile(
    r"^(?P<name>[\w.-]+): Call this tool to interact with the [^\n]*? API\. What is the [^\n]*? "
    r"API useful for\?\s*(?P<description>[^\n]*?)\s*Parameters: (?P<parameters>\[.*?\])[ \t]*$"
    r"(?=\n\S|\s*\Z|\n\n)",
    re.MULTILINE | re.DOTALL,
)
_INSTRUCTION = re.compile(
    r"Answer the following questions as best you can\. You have access to the following tools:\s*"
    r"(?P<tools>.*?)Output the following format:.*",
    re.DOTALL,
)


class NeMoTurn(TypedDict, total=False):
    """A turn of the second shape; other keys are allowed."""

    role: str
    content: str | None
    func_call: dict[str, Any] | None
    func_return: Any


class NeMoRow(Row):
    """A row of `nemo`."""

    mask: str | None = None
    conversations: list[ShareTurn] | None = None
    messages: list[ShareTurn] | None = None
    input: list[ShareTurn] | str | None = None
    output: str | None = None
    chat: list[NeMoTurn] | None = Field(default=None)
    type: str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a `mask` of roles beside `conversations`, `<TOOLCALL>` in a text of the model (in
    messages, or in the output to an input of messages), or `func_call` and `func_return` in a
    `chat`."""
    row = _whole(row)
    if roles_of(row, DIALECT) is None:
        return Fit.NO
    key = messages_key(row, DIALECT) or ""
    if key == "chat":
        keys = {key for turn in row["chat"] for key in turn}
        return Fit.MARKED if keys & {"func_call", "func_return"} else Fit.NO
    texts = (turn.get("value") or turn.get("content") for turn in row[key])
    calls = any(isinstance(text, str) and "<TOOLCALL>[" in text for text in texts)
    return Fit.MARKED if isinstance(row.get("mask"), str) or calls else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row.

    Raises RowError `bad_tool_call`, and those of lists of messages.
    """
    check(NeMoRow, row)
    whole = _whole(row)
    if whole is row:
        return _read(row)
    try:
        return _read(whole)
    except RowError as error:
        said = f"/messages/{len(row['input'])}"
        at = "/output" if error.pointer.startswith(said) else error.pointer
        at = at.replace("/messages", "/input", 1)
        raise RowError(error.code, error.message, pointer=at) from None


def _read(row: dict[str, Any]) -> Conversation:
    if messages_key(row, DIALECT) == "chat":
        row = {**row, "chat": [_plain(turn, index) for index, turn in enumerate(row["chat"])]}
    conversation = read_chat(row, DIALECT)
    masked = {role.strip().lower() for role in (row.get("mask") or "").split(",")}
    warnings = list(conversation.warnings)
    tools = list(conversation.tools)
    messages: list[Message] = []
    key = messages_key(row, DIALECT) or ""
    added = len(conversation.messages) - len(row[key])
    for index, message in enumerate(conversation.messages):
        if isinstance(message.content, str):
            pointer = f"/{key}/{max(0, index - added)}"
            message = _unfolded(message, message.content, pointer, tools, warnings)
        if masked & _names(message.role):
            message = replace(message, loss=False)
        if message.role != "system" or message.content:
            messages.append(message)
    if not messages:
        raise RowError("no_messages", "the row has tools alone", pointer="/conversations")
    return replace(
        conversation, messages=tuple(messages), tools=tuple(tools), warnings=tuple(warnings)
    )


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    """The row, with messages made of the input and the output of Llama-Nemotron's."""
    asked, answer = row.get("input"), row.get("output")
    if messages_key(row, DIALECT) or not isinstance(asked, list) or not isinstance(answer, str):
        return row
    return {**row, "messages": [*asked, {"role": "assistant", "content": answer}]}


def _names(role: str) -> set[str]:
    return {"tool", "function"} if role == "tool" else {role}


def _plain(turn: dict[str, Any], index: int) -> dict[str, Any]:
    """A turn of the second shape as an OpenAI message."""
    call = turn.get("func_call")
    if call is not None:
        name, arguments = call.get("function"), call.get("params")
        if not isinstance(name, str):
            raise RowError(
                "bad_tool_call", "a call has no name", pointer=f"/chat/{index}/func_call"
            )
        function = {"name": name, "arguments": {} if arguments is None else arguments}
        return {**turn, "tool_calls": [{"function": function}]}
    if turn.get("func_return") is not None:
        return {"role": "tool", "content": dumps(turn["func_return"])}
    return turn


def _unfolded(
    message: Message, text: str, pointer: str, tools: list[ToolSpec], warnings: list[str]
) -> Message:
    if message.role == "assistant":
        calls, said = _take_calls(text, pointer, warnings)
        return replace(message, content=said, tool_calls=(*message.tool_calls, *calls))
    if message.role == "tool":
        inner = _RESULT.fullmatch(text)
        return replace(message, content=inner[1].strip()) if inner else message
    return replace(message, content=_take_tools(text, pointer, tools))


def _take_calls(text: str, pointer: str, warnings: list[str]) -> tuple[tuple[ToolCall, ...], str]:
    blocks = _CALLS.findall(text)
    if blocks:
        calls = tuple(call for block in blocks for call in _block_calls(block, pointer, warnings))
        return calls, "\n".join(part for part in map(str.strip, _CALLS.split(text)[::2]) if part)
    action = _ACTION.search(text)
    if action is None:
        return (), text
    written = action["input"].strip()
    arguments = json_or_none(written)
    if not isinstance(arguments, dict):
        arguments = literal_or_text(written.replace("\\n", "\n"))
    if not isinstance(arguments, dict):
        arguments = read_arguments(written, warnings)
    return (ToolCall(action["name"], arguments),), text[: action.start()].strip()


def _block_calls(block: str, pointer: str, warnings: list[str]) -> tuple[ToolCall, ...]:
    block = block.strip()
    calls = read_python_calls(block)
    if calls is None:
        return read_calls_text(block, pointer, warnings)
    for call in calls:
        if isinstance(call.arguments, str):
            read_arguments(call.arguments, warnings)
    return calls


def _take_tools(text: str, pointer: str, tools: list[ToolSpec]) -> str:
    """The text without the tools that it lists, which are added to `tools`."""
    for block in _TOOLS.finditer(text):
        values, end = json_run(block[1])
        if values and not block[1][end:].strip():
            flat = [t for value in values for t in (value if isinstance(value, list) else [value])]
            tools.extend(read_tool(value, pointer) for value in flat)
            kept = text[: block.start()].strip(), text[block.end() :].strip()
            return "\n\n".join(part for part in kept if part)
    instruction = _INSTRUCTION.search(text)
    if instruction is None:
        return text
    found = []
    for line in _REACT_TOOL.finditer(instruction["tools"]):
        parameters = literal_or_text(line["parameters"])
        if not isinstance(parameters, list):
            return text
        raw = {key: line[key] for key in ("name", "description")} | {"parameters": parameters}
        found.append(read_tool(raw, pointer))
    tools.extend(found)
    kept = text[: instruction.start()].strip(), _REACT_TOOL.sub("", instruction["tools"]).strip()
    return "\n\n".join(part for part in kept if part) if found else text


FORMAT = Format(
    name="nemo",
    summary="mask of roles without loss, <TOOLCALL>, func_call and func_return (NeMo chat)",
    row_model=NeMoRow,
    detect=detect,
    read=read,
)
