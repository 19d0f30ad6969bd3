"""A rejected row as it stands in a file of rejects."""

from __future__ import annotations

from typing import Any

from agentdata.errors import RowError
from agentdata.intake.tasks import Task
from agentdata.json_text import compact
from agentdata.sources import BadRow, RawRow


def reject_line(
    error: RowError, raw: RawRow | BadRow, task: Task, *, with_row: bool = True
) -> bytes:
    """The JSON line {"source", "line", "format", "reason", "pointer", "message", "row"}; without
    the last two, which quote the data, where `with_row` is False."""
    prefix = raw.pointer_prefix if isinstance(raw, RawRow) else ""
    record: dict[str, Any] = {
        "source": str(task.unit.path),
        "line": raw.line,
        "format": task.format,
        "reason": error.code,
        "pointer": prefix + error.pointer,
    }
    if with_row:
        record["message"] = str(error)
        record["row"] = raw.value if isinstance(raw, RawRow) else raw.raw
    return compact(record) + b"\n"
