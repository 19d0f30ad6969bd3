"""CodeAct, OpenHands' prompts and smolagents as plain chat: calls as `<function=...>`, `<execute>`
or a block of `Code:` in texts.

The turn after an action is its result. In rows of LLaMA-Factory's roles, a `function_call` holds
the whole text of the model's turn.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from agentdata.conversation import Conversation
from agentdata.formats import mini_swe_agent, react
from agentdata.formats.base import Fit, Format
from agentdata.formats.common.chat import (
    Act,
    model_writes,
    read_chat,
    roles_of,
)
from agentdata.formats.common.envelope import unfold
from agentdata.formats.common.rows import Row, ShareTurn
from agentdata.formats.common.text_actions import (
    code_blob,
    execute_tags,
    function_tags,
    take_actions,
)
from agentdata.formats.common.values import check

DIALECT = replace(react.DIALECT, roles={**react.DIALECT.roles, "function_call": Act.ASSISTANT})
_STYLES = (function_tags, execute_tags, code_blob)
_RESULT_LABEL = re.compile(
    r"OBSERVATION:\n|Observation:[ \t]*\n?|EXECUTION RESULT of \[[^\]\n]*\]:\n"
)


class CodeActRow(Row):
    """A row of `codeact`; the list may be written as text."""

    messages: list[ShareTurn] | str | None = None
    conversations: list[ShareTurn] | str | None = None


def detect(row: dict[str, Any]) -> Fit:
    """Marked by a turn of the model that ends with such a tag, unless it is `mini_swe_agent`."""
    row = unfold(row)
    roles = roles_of(row, DIALECT)
    if roles is None:
        return Fit.NO
    marked = model_writes(row, DIALECT, _acts) and mini_swe_agent.detect(row) is not Fit.MARKED
    if marked:
        return Fit.MARKED
    # Without tags, a call is something else than the words of a turn.
    return Fit.NO if "function_call" in roles else Fit.READABLE


def read(row: dict[str, Any]) -> Conversation:
    """The conversation of a row. Raises RowError."""
    row = unfold(row, strict=True)
    check(CodeActRow, row)
    return take_actions(read_chat(row, DIALECT), _STYLES, _RESULT_LABEL)


def _acts(text: Any) -> bool:
    return isinstance(text, str) and any(style(text, []) is not None for style in _STYLES)


FORMAT = Format(
    name="codeact",
    summary="chat with <function=...>, <execute> or Code: in the model's text (OpenHands, CodeAct)",
    row_model=CodeActRow,
    detect=detect,
    read=read,
)
