"""From what the user names to the files that hold rows."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from agentdata.errors import AgentDataError, UsageError

ENDINGS = (
    *(kind + packed for kind in (".jsonl", ".json", ".traj") for packed in ("", ".gz", ".zst")),
    ".parquet",
    ".txt",
)


def expand(sources: Sequence[str]) -> list[Path]:
    """The files named by paths, directories and globs, each once, in the order of the sources.

    A directory gives all its files of a known ending, at any depth, sorted; names that begin with
    a dot are passed over, and so are .txt files: as a rule they are notes, not rows. So does a
    directory that a glob matches.

    Raises UsageError `source_not_found` (nothing there, or nothing of a known ending in it) and
    `unknown_ending` (a file named outright), `bad_file_name` (no UTF-8).
    """
    found: dict[Path, None] = {}
    for source in sources:
        found.update(dict.fromkeys(_files(source)))
    for path in found:
        _check_name(path)
    return list(found)


def _check_name(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UsageError(
            "bad_file_name",
            f"the name of {os.fsencode(path)!r} is no UTF-8, so no manifest can hold it",
            remedy="rename it",
        ) from None


def ending(path: Path) -> str:
    """The known ending of a file's name, "" where it has none; letter case does not matter."""
    name = path.name.lower()
    return next((known for known in ENDINGS if name.endswith(known)), "")


def unreadable(path: Path, error: OSError) -> AgentDataError:
    """The error of a file that the system does not let us read."""
    reason = error.strerror or str(error) or type(error).__name__
    return AgentDataError("unreadable_source", f"cannot read {path}: {reason}")


def _files(source: str) -> list[Path]:
    path = Path(source)
    if path.is_dir():
        return _in_directory(path)
    if path.exists():
        if not ending(path):
            raise UsageError(
                "unknown_ending",
                f"{source} has no ending that is known to hold rows",
                remedy=f"rename it to one of {' '.join(ENDINGS)}",
            )
        return [path]
    if not glob.has_magic(source):
        raise UsageError("source_not_found", f"there is no file or directory {source}")
    matches = [Path(match) for match in sorted(glob.glob(source, recursive=True))]  # noqa: PTH207
    files = [match for match in matches if match.is_file() and ending(match)]
    directories = [match for match in matches if match.is_dir()]
    if not files:
        files = [file for directory in directories for file in _walk(directory)]
    if not files:
        raise UsageError(
            "source_not_found",
            f"no file of a known ending matches {source}",
            remedy=f"known endings: {' '.join(ENDINGS)}",
        )
    return files


def _in_directory(directory: Path) -> list[Path]:
    files = list(_walk(directory))
    if not files:
        raise UsageError(
            "source_not_found",
            f"the directory {directory} holds no file of a known ending",
            remedy=f"known endings: {' '.join(ENDINGS)}",
        )
    return files


def _walk(directory: Path) -> Iterable[Path]:
    try:
        candidates = sorted(directory.rglob("*"), key=lambda path: path.as_posix())
    except OSError as error:
        raise unreadable(directory, error) from None
    for path in candidates:
        hidden = any(part.startswith(".") for part in path.relative_to(directory).parts)
        if not hidden and ending(path) not in ("", ".txt") and path.is_file():
            yield path
