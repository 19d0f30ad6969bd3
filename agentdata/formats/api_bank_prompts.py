"""API-Bank's training rows: a prompt of API descriptions, a dialogue as one text, and the request
or the reply that is to come.

The instruction stays as the system text. The dialogue's lines become turns; `API-Request: [...]`
becomes a call, what follows its arrow `->` its result, and `Generate API Request:` goes, since it
says what comes next. Source: API-Bank (arXiv 2304.08244).
"""

from __future__ import annotations

import re
from typing import Any

from agentdata.conversation import Conversation, Message
from agentdata.errors import RowError
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.calls import text_warnings
from agentdata.formats.common.python_calls import read_python_calls
from agentdata.formats.common.rows import Row
from agentdata.formats.common.turns import labelled_turns
from agentdata.formats.common.values import check, row_id

_LABEL = re.compile(
    r"^(User|AI|API-Request|Generate API Request|Generate AI Response):[ \t]*", re.M
)
_REQUEST = re.compile(
    r"\s*(?:API-Request:\s*)?(?P<call>\[.*?\])\s*(?:->(?P<result>.*))?", re.DOTALL
)


class ApiBankPromptRow(Row):
    """A row of `api_bank_prompts`."""

    instruction: str
    input: str
    output: str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by an input that ends by asking for an API request or a response of the AI."""
    asked = row.get("input")
    if not isinstance(asked, str) or not isinstance(row.get("instruction"), str):
        return Fit.NO
    last = asked.rstrip().rpartition("\n")[2].strip()
    known = last in ("Generate API Request:", "Generate AI Response:")
    return Fit.MARKED if known else Fit.NO


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError `no_messages`."""
    check(ApiBankPromptRow, row)
    messages = [Message("system", row["instruction"])] if row["instruction"] else []
    turns = labelled_turns(row["input"], _LABEL)
    if turns and not turns[0].role:
        # Descriptions of APIs that some rows give in the input.
        messages = [Message("system", f"{row['instruction']}\n{turns[0].text}".strip())]
    for role, text in turns:
        if role == "User":
            messages.append(Message("user", text))
        elif role in ("AI", "API-Request"):
            messages += _said(text, request=role == "API-Request")
    answer = (row.get("output") or "").strip()
    if answer:
        messages += _said(answer.removeprefix("AI:").strip(), request=True)
    if all(message.role == "system" for message in messages):
        raise RowError("no_messages", "the row has no turns", pointer="/input")
    return Conversation(row_id(row), tuple(messages), warnings=text_warnings(messages))


def _said(text: str, *, request: bool) -> list[Message]:
    """What the model said: a call, with its result where the text has it, or words."""
    match = _REQUEST.fullmatch(text) if request else None
    calls = read_python_calls(match["call"]) if match else None
    if match is None or not calls:
        return [Message("assistant", text)]
    result = match["result"]
    answered = [] if result is None else [Message("tool", result.strip())]
    return [Message("assistant", tool_calls=calls), *answered]


FORMAT = Format(
    name="api_bank_prompts",
    summary="instruction, dialogue as text and the API request to come (API-Bank's training rows)",
    row_model=ApiBankPromptRow,
    detect=detect,
    read=read,
)
