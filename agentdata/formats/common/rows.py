"""Models of messages and rows that several formats share; lenient where the data are."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from agentdata.formats.common.carried import Carried

JsonList = list[Any]
ToolsField = list[Any] | dict[str, Any] | str | None


class ChatMessage(TypedDict, total=False):
    """A message with `role` and `content`; other keys are allowed."""

    role: str | None
    content: str | JsonList | dict[str, Any] | None
    tool_calls: JsonList | dict[str, Any] | None
    function_call: dict[str, Any] | str | None


ShareTurn = TypedDict(
    "ShareTurn",
    {
        "from": str | None,
        "value": str | JsonList | dict[str, Any] | None,
        "role": str | None,
        "content": str | JsonList | dict[str, Any] | None,
        "tool_calls": JsonList | dict[str, Any] | None,
        "function_call": dict[str, Any] | str | None,
    },
    total=False,
)
"""A turn with `from` and `value`, or `role` and `content`; other keys are allowed."""


class Row(BaseModel):
    """What any row may have; other keys are allowed."""

    # A run reads few of the formats: their models are built when first used.
    model_config = ConfigDict(extra="allow", defer_build=True)

    id: Any = None
    tools: ToolsField = None
    system: str | None = None
    agentdata: Carried | None = None
