"""From what the user names to conversations, each with its place in the data."""

from agentdata.intake.conversations import read_conversation, read_unnamed
from agentdata.intake.records import read_rows
from agentdata.intake.rejects import reject_line
from agentdata.intake.tasks import COMPANION, UNKNOWN_FORMAT, Task, input_paths, plan_tasks

__all__ = [
    "COMPANION",
    "UNKNOWN_FORMAT",
    "Task",
    "input_paths",
    "plan_tasks",
    "read_conversation",
    "read_rows",
    "read_unnamed",
    "reject_line",
]
