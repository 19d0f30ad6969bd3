"""A rejected row as it stands in a file of rejects."""

from __future__ import annotations

from typing import Any

from agentdata.errors import RowError
from agentdata.intake.conversations import row_json
from agentdata.intake.tasks import Task
from agentdata.sources import BadRow, RawRow


def reject_line(error: RowError, raw: RawRow | BadRow, task: Task) -> bytes:
    """The JSON line {"source", "line", "format", "reason", "message", "pointer", "row"}."""
    prefix = raw.pointer_prefix if isinstance(raw, RawRow) else ""
    record: dict[str, Any] = {
        "source": str(task.unit.path),
        "line": raw.line,
        "format": task.format,
        "reason": error.code,
        "message": str(error),
        "pointer": prefix + error.pointer,
        "row": raw.value if isinstance(raw, RawRow) else raw.raw,
    }
    return row_json(record) + b"\n"
