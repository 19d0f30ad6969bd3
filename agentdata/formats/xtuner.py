"""XTuner and InternLM2: pairs of `input` and `output`; messages with files and a code interpreter.

`code_interpreter_call` is a call of the tool `code_interpreter` whose arguments are its code. The
row's `code_interpreter` text is a system message of that name; the files of a user's message follow
it as JSON in a message named `file`, as InternLM2's own prompt has them.
Source: docs and datasets of InternLM/xtuner.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from typing_extensions import TypedDict

from agentdata.conversation import Conversation, Message, ToolCall
from agentdata.formats import openai
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import ARGUMENTS_AS_TEXT
from agentdata.formats.common.chat import Act, read_chat, roles_of
from agentdata.formats.common.fences import unfenced
from agentdata.formats.common.rows import ChatMessage, Row, ToolsField
from agentdata.formats.common.values import check
from agentdata.json_text import dumps

INTERPRETER = "code_interpreter"
_CALL = "code_interpreter_call"
DIALECT = replace(
    openai.DIALECT, roles={**openai.DIALECT.roles, INTERPRETER: Act.TOOL}, messages=("messages",)
)


class XTunerPair(TypedDict, total=False):
    """A round; other keys are allowed."""

    system: str | None
    input: str | None
    output: str | None
    output_with_loss: bool | None


class XTunerRow(Row):
    """A row of `xtuner`."""

    messages: list[ChatMessage] | None = None
    conversation: list[XTunerPair] | None = None
    functions: ToolsField = None
    code_interpreter: str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a `conversation` of `input` and `output`, a code interpreter, or files of
    messages."""
    pairs = row.get("conversation")
    if isinstance(pairs, list) and pairs and "messages" not in row:
        return Fit.MARKED if all(map(_is_pair, pairs)) else Fit.NO
    if roles_of(row, DIALECT) is None:
        return Fit.NO
    marked = isinstance(row.get(INTERPRETER), str) or any(
        message.get(_CALL)
        or message["role"] == INTERPRETER
        or isinstance(message.get("files"), list)
        for message in row["messages"]
    )
    return Fit.MARKED if marked else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    check(XTunerRow, row)
    if row.get("messages") is None and row.get("conversation") is not None:
        messages = [part for pair in row["conversation"] for part in _of_pair(pair)]
        return read_chat({**row, "messages": messages}, DIALECT)
    conversation = read_chat(row, DIALECT)
    warnings = list(conversation.warnings)
    added = len(conversation.messages) - len(row["messages"])
    messages_read = list(conversation.messages[:added])
    for raw, message in zip(row["messages"], conversation.messages[added:], strict=True):
        messages_read.extend(_unfolded(message, raw, warnings))
    instruction = row.get(INTERPRETER)
    if isinstance(instruction, str) and instruction:
        first = 1 if messages_read[0].role == "system" else 0
        messages_read.insert(first, Message("system", instruction, name=INTERPRETER))
    return replace(conversation, messages=tuple(messages_read), warnings=tuple(warnings))


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, dict) and {"input", "output"} <= pair.keys()


def _of_pair(pair: dict[str, Any]) -> list[dict[str, Any]]:
    said = [
        {"role": role, "content": pair[key]}
        for role, key in (("system", "system"), ("user", "input"))
        if pair.get(key)
    ]
    if pair.get("output") is not None:
        answer = {"role": "assistant", "content": pair["output"]}
        said.append(answer | {"loss": pair.get("output_with_loss")})
    return said


def _unfolded(message: Message, raw: dict[str, Any], warnings: list[str]) -> list[Message]:
    code = raw.get(_CALL)
    if message.role == "assistant" and isinstance(code, str):
        warnings.append(ARGUMENTS_AS_TEXT)
        call = ToolCall(INTERPRETER, unfenced(code))
        return [replace(message, tool_calls=(*message.tool_calls, call))]
    if message.role == "user" and raw.get("files"):
        return [message, Message("user", dumps(raw["files"]), name="file")]
    if raw["role"] == INTERPRETER and message.name is None:
        return [replace(message, name=INTERPRETER)]
    return [message]


FORMAT = Format(
    name="xtuner",
    summary="conversation of input and output; files and code_interpreter (XTuner, InternLM2)",
    row_model=XTunerRow,
    detect=detect,
    read=read,
)
