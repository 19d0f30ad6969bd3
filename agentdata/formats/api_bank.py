"""API-Bank: a dialogue in a file of its own, one line per turn of User, AI or API; the line of an
API holds a call and its result."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from typing_extensions import TypedDict

from agentdata.conversation import Conversation, Message, Role, ToolCall
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import read_arguments
from agentdata.formats.common.values import check
from agentdata.json_text import dumps

ROLES: dict[str, Role] = {"User": "user", "AI": "assistant"}
_API = "API"


class ApiBankLine(TypedDict, total=False):
    """A line: `role` and `text`, or `role`, `api_name`, `param_dict` and `result`."""

    role: str
    text: str | None
    api_name: str | None
    param_dict: dict[str, Any] | str | None
    result: Any


class ApiBankDialogue(BaseModel):
    """The lines of a dialogue."""

    records: list[ApiBankLine]


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a line with the role User or AI and a text, or API and the name of one."""
    records = row.get("records")
    if isinstance(records, list) and records and isinstance(records[0], dict):
        row = records[0]
    role = row.get("role")
    key = "api_name" if role == _API else "text"
    known = role == _API or (isinstance(role, str) and role in ROLES)
    return Fit.MARKED if known and isinstance(row.get(key), str) else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a dialogue's lines. Raises RowError `unknown_role`, `bad_tool_call`."""
    check(ApiBankDialogue, row)
    warnings: list[str] = []
    messages: list[Message] = []
    for index, line in enumerate(row["records"]):
        role = line.get("role")
        if role == _API:
            messages += _read_call(line, f"/records/{index}", warnings)
        elif role in ROLES:
            messages.append(Message(ROLES[role], line.get("text") or ""))
        else:
            raise RowError(
                "unknown_role",
                f"the role {role!r} is none of: {', '.join(ROLES)}, {_API}",
                pointer=f"/records/{index}/role",
            )
    if not messages:
        raise RowError("no_messages", "the dialogue has no lines", pointer="/records")
    return Conversation(id="", messages=tuple(messages), warnings=tuple(warnings))


def _read_call(line: dict[str, Any], pointer: str, warnings: list[str]) -> list[Message]:
    name = line.get("api_name")
    if not name:
        raise RowError("bad_tool_call", "a call has no name", pointer=f"{pointer}/api_name")
    call = ToolCall(name, read_arguments(line.get("param_dict"), warnings))
    messages = [Message("assistant", tool_calls=(call,))]
    if "result" in line:
        messages.append(Message("tool", _result(line["result"])))
    return messages


def _result(result: Any) -> str:
    """What the API gave: its output alone, or with the exception if there was one."""
    if isinstance(result, dict) and "output" in result:
        if result.get("exception") is None:
            result = result["output"]
        else:
            result = {key: result[key] for key in ("output", "exception")}
    return result if isinstance(result, str) else dumps(result)


def _session(row: dict[str, Any]) -> str | None:
    """All lines of a file are one dialogue; a row with `records` is one by itself."""
    return None if "records" in row else "file"


FORMAT = Format(
    name="api_bank",
    summary="one line per turn of User, AI and API, one file per dialogue (API-Bank)",
    row_model=ApiBankDialogue,
    detect=detect,
    read=read,
    session=_session,
)
