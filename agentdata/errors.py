"""The one tree of errors: each has a stable code, says where and what, and how to mend it.

AgentDataError          exit code 1, one clear line
├── UsageError          exit code 2, a wrong option: names the option and a remedy
└── RowError            one bad row: goes to rejects.jsonl, never stops a run by itself
"""

from __future__ import annotations


class AgentDataError(Exception):
    """A run that cannot go on. `code` is stable; the text is one line that says what to do."""

    def __init__(self, code: str, message: str, *, remedy: str = "") -> None:
        self.code = code
        self.message = " ".join(message.split())
        self.remedy = " ".join(remedy.split())
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} — {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders by their arguments; keyword-only ones need help.
        return (_rebuild, (type(self), dict(self.__dict__)))


class UsageError(AgentDataError):
    """A wrong option or argument of the caller."""


class RowError(AgentDataError):
    """One row that cannot be used.

    `pointer` is the JSON pointer (RFC 6901) of the fault within the raw row; "" is the whole row.
    """

    def __init__(self, code: str, message: str, *, pointer: str = "", remedy: str = "") -> None:
        super().__init__(code, message, remedy=remedy)
        self.pointer = pointer


def _rebuild(cls: type[AgentDataError], state: dict[str, object]) -> AgentDataError:
    error = cls.__new__(cls)
    error.__dict__.update(state)
    error.args = (error.message,)
    return error
