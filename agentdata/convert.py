"""Raw sources of any format to rows of one common format."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from pydantic import BaseModel, Field

from agentdata.conversation import Conversation
from agentdata.errors import AgentDataError, RowError, UsageError
from agentdata.files import replacing
from agentdata.formats import FORMATS, Format
from agentdata.formats.common.differences import losses
from agentdata.intake import COMPANION, Task, plan_tasks, read_rows, read_unnamed, reject_line
from agentdata.json_text import JsonError, dumps, loads

ENDINGS = (".jsonl", ".jsonl.gz")
TARGETS = tuple(name for name, format_ in FORMATS.items() if format_.write is not None)
"""The formats that conversations can be written in."""


class ConvertedFile(BaseModel):
    """What became of the rows of one file: read = written + rejected + merged (into another row of
    the same conversation). `rejects` and `warnings` count by code; a row with warnings is written.
    """

    source: str
    format: str
    read: int = 0
    written: int = 0
    rejected: int = 0
    merged: int = 0
    rejects: Counter[str] = Field(default_factory=Counter)
    warnings: Counter[str] = Field(default_factory=Counter)


def convert(
    sources: Sequence[str],
    to: str,
    out: str | Path,
    *,
    format_: str = "auto",
    overwrite: bool = False,
) -> list[ConvertedFile]:
    """Write all rows of the sources as format `to` into `out`, and rejected rows beside it into
    `rejects_path(out)`; return the counts of each source.

    Every row is read back from what was written: what differs is a warning, other words a reject.
    Raises UsageError (`bad_option`, `exists`, and those of sources), AgentDataError `unwritable`.
    """
    out = Path(out)
    target = _target(to)
    _check_out(out, overwrite)
    tasks = plan_tasks(sources, format_)
    if out.resolve() in {task.unit.path.resolve() for task in tasks}:
        raise UsageError("bad_option", f"--out {out} is one of the sources")
    files: dict[str, ConvertedFile] = {}
    try:
        with ExitStack() as stack:
            out.parent.mkdir(parents=True, exist_ok=True)
            rows = stack.enter_context(_writing(out))
            rejects = stack.enter_context(_writing(rejects_path(out)))
            for task in tasks:
                path = str(task.unit.path)
                counts = files.setdefault(path, ConvertedFile(source=path, format=task.format))
                _convert_task(task, target, counts, rows, rejects)
        if not rejects_path(out).stat().st_size:
            rejects_path(out).unlink()
    except OSError as error:
        raise AgentDataError(
            "unwritable", f"--out {out}: cannot be written: {error.strerror or error}"
        ) from None
    return list(files.values())


def rejects_path(out: Path) -> Path:
    """Where the rejected rows of a conversion go: no such file means that there were none.

    >>> rejects_path(Path("chats.jsonl.gz")).name
    'chats.rejects.jsonl'
    """
    return out.with_name(f"{_stem(out)}.rejects.jsonl")


def _target(to: str) -> Format:
    if to not in TARGETS:
        raise UsageError(
            "bad_option", f"--to {to}: rows are not written so", remedy=f"one of {TARGETS}"
        )
    return FORMATS[to]


def _check_out(out: Path, overwrite: bool) -> None:
    if not out.name.endswith(ENDINGS):
        raise UsageError(
            "bad_option", f"--out {out}: not a known ending", remedy=f"one of {', '.join(ENDINGS)}"
        )
    if out.exists() and not overwrite:
        raise UsageError("exists", f"--out {out} is there already", remedy="--overwrite")


def _stem(out: Path) -> str:
    return out.name.removesuffix(".gz").removesuffix(".jsonl")


@contextmanager
def _writing(path: Path) -> Iterator[BinaryIO]:
    with replacing(path) as file:
        if path.name.endswith(".gz"):
            # Neither name nor time: equal rows are equal bytes.
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                yield cast(BinaryIO, packed)
        else:
            yield file


def _convert_task(
    task: Task, target: Format, counts: ConvertedFile, rows: BinaryIO, rejects: BinaryIO
) -> None:
    for raw in read_rows(task):
        counts.read += raw.records
        counts.merged += raw.records if task.format == COMPANION else raw.records - 1
        if task.format == COMPANION:
            continue
        try:
            conversation = read_unnamed(raw, task)
            row, warnings = _written(conversation, target)
        except RowError as error:
            counts.rejected += 1
            counts.rejects[error.code] += 1
            rejects.write(reject_line(error, raw, task))
            continue
        counts.written += 1
        counts.warnings.update((*conversation.warnings, *warnings))
        rows.write(row)


def _written(conversation: Conversation, target: Format) -> tuple[bytes, list[str]]:
    """The JSON line of a conversation and the codes of what it does not hold.

    Raises RowError `not_representable` where the line would say something else.
    """
    assert target.write is not None
    warnings: list[str] = []
    line = dumps(target.write(conversation, warnings)).encode() + b"\n"
    lost = _lost(conversation, line, target)
    if lost is None:
        raise RowError(
            "not_representable",
            f"the row would not read the same as {target.name}",
            remedy="convert it to openai",
        )
    return line, warnings + lost


def _lost(conversation: Conversation, line: bytes, target: Format) -> list[str] | None:
    try:
        return losses(conversation, target.read(loads(line)))
    except (RowError, JsonError):
        return None
