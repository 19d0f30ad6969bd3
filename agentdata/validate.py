"""What is wrong with raw rows: what readers refuse, what they mend, what the checks find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel, Field

from agentdata.checks import CHECKS, CheckLevel, find, raw_pointer
from agentdata.conversation import Conversation
from agentdata.errors import RowError
from agentdata.intake import COMPANION, Task, plan_tasks, read_conversation, read_rows
from agentdata.json_text import dumps
from agentdata.reasons import REASONS
from agentdata.sources import BadRow, RawRow

EXCERPT_CHARS = 300


class Fault(BaseModel):
    """A fault of one row. `pointer` is its place in the raw row, `place` the one in the
    conversation (for findings of checks); "" is the whole. `excerpt` is the beginning of what
    stands there, as JSON."""

    code: str
    message: str
    line: int
    pointer: str = ""
    place: str = ""
    excerpt: str = ""


class FileReport(BaseModel):
    """What became of the rows of one file: rows = ok + warned + failed + merged.

    `errors` and `warnings` count faults by code, so a row may count several times; `shown` holds
    the first of each code. The rows of a file of format `companion` are all merged into others.
    """

    source: str
    format: str
    rows: int = 0
    ok: int = 0
    warned: int = 0
    failed: int = 0
    merged: int = 0
    errors: Counter[str] = Field(default_factory=Counter)
    warnings: Counter[str] = Field(default_factory=Counter)
    shown: list[Fault] = Field(default_factory=list)


class ValidationReport(BaseModel):
    """The files in the order of the sources. `help` explains the codes that occur."""

    files: list[FileReport]
    help: dict[str, str]

    @property
    def has_errors(self) -> bool:
        return any(file.failed for file in self.files)


def validate(
    sources: Sequence[str],
    *,
    format_: str = "auto",
    check: CheckLevel = "normal",
    show: int = 1,
) -> ValidationReport:
    """Read all rows of the sources and report their faults; `show` of each code and file are held.

    Raises UsageError for sources and formats that are not there, AgentDataError `no_rows` and
    `unknown_format` where no file can be read.
    """
    files: dict[str, FileReport] = {}
    for task in plan_tasks(sources, format_):
        path = str(task.unit.path)
        report = files.setdefault(path, FileReport(source=path, format=task.format))
        for raw in read_rows(task):
            report.rows += raw.records
            if task.format == COMPANION:
                report.merged += raw.records
            else:
                report.merged += raw.records - 1
                _count(report, raw, *_judge(raw, task, check), show)
    help_ = REASONS | CHECKS
    codes = {code for file in files.values() for code in (*file.errors, *file.warnings)}
    return ValidationReport(
        files=list(files.values()),
        help={code: help_[code] for code in sorted(codes) if code in help_},
    )


def _judge(raw: RawRow | BadRow, task: Task, check: CheckLevel) -> tuple[list[Fault], list[Fault]]:
    """The errors and the warnings of a row."""
    try:
        conversation = read_conversation(raw, task)
    except RowError as error:
        return [
            Fault(code=error.code, message=str(error), line=raw.line, pointer=error.pointer)
        ], []
    mended = [
        Fault(code=code, message="mended while it was read", line=raw.line)
        for code in conversation.warnings
    ]
    if check == "off":
        return [], mended
    assert isinstance(raw, RawRow)
    found = list(_findings(raw, conversation))
    return (found, mended) if check == "strict" else ([], mended + found)


def _findings(raw: RawRow, conversation: Conversation) -> Iterator[Fault]:
    for finding in find(conversation):
        yield Fault(
            code=finding.code,
            message=finding.message,
            line=raw.line,
            pointer=raw_pointer(raw.value, conversation, finding.pointer),
            place=finding.pointer,
        )


def _count(
    report: FileReport,
    raw: RawRow | BadRow,
    errors: list[Fault],
    warnings: list[Fault],
    show: int,
) -> None:
    report.failed += bool(errors)
    report.warned += bool(warnings and not errors)
    report.ok += not errors and not warnings
    for counts, faults in ((report.errors, errors), (report.warnings, warnings)):
        for fault in faults:
            counts[fault.code] += 1
            if counts[fault.code] <= show:
                report.shown.append(_in_context(fault, raw))


def _in_context(fault: Fault, raw: RawRow | BadRow) -> Fault:
    if isinstance(raw, BadRow):
        return fault.model_copy(update={"excerpt": raw.raw[:EXCERPT_CHARS]})
    text = dumps(_at(raw.value, fault.pointer.split("/")[1:]))
    return fault.model_copy(
        update={
            "pointer": raw.pointer_prefix + fault.pointer,
            "excerpt": text if len(text) <= EXCERPT_CHARS else f"{text[:EXCERPT_CHARS]}...",
        }
    )


def _at(value: Any, parts: Iterable[str]) -> Any:
    """What stands at a JSON pointer; what is nearest above it where nothing does."""
    for part in parts:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            break
    return value
