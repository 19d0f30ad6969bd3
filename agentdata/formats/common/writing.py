"""What the writers of common formats share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentdata.conversation import Media, Message, ToolCall, ToolSpec
from agentdata.errors import RowError
from agentdata.formats.common.tools import read_tool

_COLUMNS = {"image": "images", "video": "videos", "audio": "audios"}


def tool_row(tool: ToolSpec) -> dict[str, Any]:
    """The tool as given, where it reads back the same; else as {"type": "function", ...}."""
    try:
        if read_tool(tool.raw, "") == tool:
            return tool.raw
    except RowError:
        pass
    function: dict[str, Any] = {"name": tool.name, "description": tool.description}
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    return {"type": "function", "function": function}


def call_row(call: ToolCall) -> dict[str, Any]:
    """A call as {"name", "arguments"}."""
    return {"name": call.name, "arguments": call.arguments}


def media_columns(media: Sequence[Media]) -> dict[str, list[str]]:
    """The references by column: `images`, `videos`, `audios`."""
    columns: dict[str, list[str]] = {}
    for item in media:
        columns.setdefault(_COLUMNS[item.type], []).append(item.ref)
    return columns


def loss_row(message: Message) -> dict[str, Any]:
    """`loss` and `loss_scale` of a message, as far as it has them."""
    values = {"loss": message.loss, "loss_scale": message.loss_scale}
    return {key: value for key, value in values.items() if value is not None}
