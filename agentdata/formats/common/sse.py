"""Bodies of streamed responses, kept as text: server-sent events or JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentdata.errors import RowError
from agentdata.formats.common.values import json_or_none

_DONE = "[DONE]"


def read_events(text: str, pointer: str) -> Iterator[dict[str, Any]]:
    """The objects that the `data` of the events hold, or the lines where there are no events.

    Raises RowError `broken_stream`.

    >>> list(read_events('event: a\\ndata: {"n": 1}\\n\\ndata: [DONE]\\n\\n', ""))
    [{'n': 1}]
    """
    data: list[str] = []
    for raw in [*text.split("\n"), ""]:
        line = raw.removesuffix("\r")
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif line.startswith("{"):
            data.append(line)
        if data and (not line.strip() or line.startswith("{")):
            if data != [_DONE]:
                value = json_or_none("\n".join(data))
                if not isinstance(value, dict):
                    raise RowError(
                        "broken_stream", "an event of the stream is no object", pointer=pointer
                    )
                yield value
            data = []
