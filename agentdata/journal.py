"""What an unfinished compile has done so far, so that the next run takes up where it ended.

    .parts/plan.json             what is compiled: options, fingerprints, inputs
    .parts/000007.train.arrow    what a task wrote, for each split that got rows
    .parts/000007.rejects.jsonl
    .parts/000007.done.json      the task is done: its counts, and size and sha256 of its files

Every file is written under another name, synced and renamed; `done.json` comes last. So a task is
done whole or not at all, and a run may end at any moment.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from agentdata.errors import UsageError
from agentdata.files import replacing, sha256_of, sync, sync_directory
from agentdata.shards.manifest import MANIFEST_NAME, REJECTS_NAME, SourceCounts

PARTS_NAME = ".parts"
_PLAN_NAME = "plan.json"
_PLAIN_NAME = "tokenizer_alone"
_LOCK_NAME = ".lock"
_OURS = (MANIFEST_NAME, REJECTS_NAME, "data")
_SHOWN_DIFFERENCES = 5


class Input(BaseModel):
    """A file that is read; `sha256` is over its bytes."""

    path: str
    bytes: int
    sha256: str


class Plan(BaseModel):
    """All that decides what is written. `units` is the sha256 of how the inputs are cut."""

    model_config = ConfigDict(extra="forbid")

    recipe: dict[str, Any]
    fingerprints: dict[str, str]
    inputs: list[Input]
    units: str

    def differences(self, other: Plan) -> list[str]:
        """What is not the same in `other`, a few words each."""
        found = [
            f"--{key.replace('_', '-')} was {self.recipe.get(key)!r}, is {other.recipe.get(key)!r}"
            for key in sorted({*self.recipe, *other.recipe})
            if self.recipe.get(key) != other.recipe.get(key)
        ]
        before = {item.path: item for item in self.inputs}
        after = {item.path: item for item in other.inputs}
        found += [f"input {path} is gone" for path in before if path not in after]
        found += [f"input {path} is new" for path in after if path not in before]
        found += [
            f"input {path} has changed"
            for path, item in before.items()
            if path in after and after[path] != item
        ]
        named = "recipe"  # its keys are named one by one
        found += [
            f"{name} is not the same"
            for name in sorted({*self.fingerprints, *other.fingerprints})
            if name != named and self.fingerprints.get(name) != other.fingerprints.get(name)
        ]
        if not found and self != other:
            found.append("the inputs are cut in another way")
        return found


class Done(BaseModel):
    """What a task left behind: its counts, and {name: (bytes, sha256)} of its files."""

    index: int
    counts: SourceCounts
    files: dict[str, tuple[int, str]] = {}


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of the tasks of one compile, in a directory of their own."""

    directory: Path

    def part(self, index: int, split: str) -> Path:
        return self.directory / f"{index:06d}.{split}.arrow"

    def rejects(self, index: int) -> Path:
        return self.directory / f"{index:06d}.rejects.jsonl"

    @property
    def asks_tokenizer(self) -> bool:
        """Whether this compile takes the tokenizer's own tokens alone."""
        return (self.directory / _PLAIN_NAME).exists()

    def begin_anew(self) -> None:
        """Forget what was done, and take the tokenizer's own tokens from now on."""
        done = (path.name for path in self.directory.iterdir() if path.name != _PLAN_NAME)
        _remove(self.directory, *done)
        with replacing(self.directory / _PLAIN_NAME):
            pass

    @contextmanager
    def writing(self, paths: Iterable[Path]) -> Iterator[dict[Path, Path]]:
        """{path: another name to write it under} for files that get their names together in the
        end; those that were not written stay away."""
        temporary = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in paths}
        try:
            yield temporary
            for path, written in temporary.items():
                if written.exists():
                    with written.open("rb+") as file:
                        sync(file)
                    written.replace(path)
            sync_directory(self.directory)
        finally:
            for written in temporary.values():
                written.unlink(missing_ok=True)

    def log(self, index: int, counts: SourceCounts, paths: Iterable[Path]) -> Done:
        """Note that a task is done, and what it wrote."""
        files = {path.name: _identity(path) for path in paths if path.exists()}
        done = Done(index=index, counts=counts, files=files)
        with replacing(self._done_path(index)) as file:
            file.write(done.model_dump_json().encode())
        return done

    def noted(self, index: int) -> Done | None:
        """What a task noted that it left behind; None where it is not done."""
        try:
            return Done.model_validate_json(self._done_path(index).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def done(self, index: int) -> Done | None:
        """What a task left behind; None unless all of it is there as it was written."""
        done = self.noted(index)
        if done is None:
            return None
        for name, identity in done.files.items():
            path = self.directory / name
            if not path.is_file() or _identity(path) != identity:
                return None
        return done

    def _done_path(self, index: int) -> Path:
        return self.directory / f"{index:06d}.done.json"


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep other compiles out of a directory; the system lifts the lock when the process ends.

    Raises UsageError `locked`, OSError where files cannot be locked there.
    """
    path = directory / _LOCK_NAME
    descriptor = _lock(path)
    while descriptor is not None and not _is_at(descriptor, path):
        # The holder before us took the file away after we had opened it.
        os.close(descriptor)
        descriptor = _lock(path)
    if descriptor is None:
        raise UsageError(
            "locked",
            f"--out {directory}: another compile is writing there",
            remedy="wait for it, or choose another directory",
        )
    _held.add(descriptor)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        _held.discard(descriptor)
        os.close(descriptor)


_held: set[int] = set()


def _let_go() -> None:
    """A forked process would hold the lock for as long as it lives."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


def open_parts(directory: Path, plan: Plan, *, overwrite: bool, resume: bool) -> Parts:
    """The parts of this plan in `directory`, with what an earlier run of the same plan left there.

    Without `resume` an unfinished compile is begun anew. Raises UsageError `exists` (a finished
    compile), `changed` (an unfinished one of another plan), `foreign_directory` (files that no
    compile wrote), OSError.
    """
    parts = Parts(directory / PARTS_NAME)
    finished = (directory / MANIFEST_NAME).exists()
    if finished and not overwrite:
        raise UsageError(
            "exists",
            f"--out {directory}: there is a finished compile already",
            remedy="--overwrite replaces it",
        )
    if not finished and not parts.directory.exists():
        strange = [name for name in _OURS if (directory / name).exists()]
        if strange:
            raise UsageError(
                "foreign_directory",
                f"--out {directory}: holds {', '.join(strange)} that no compile left there",
                remedy="choose an empty directory",
            )
    before = None if finished or not resume else _read_plan(parts)
    if before == plan:
        _remove(directory, *_OURS, *_leftovers(directory))
        _remove(parts.directory, *_leftovers(parts.directory))
        return parts
    if before is not None and not overwrite:
        raise UsageError(
            "changed",
            f"--out {directory}: holds an unfinished compile that differs: "
            + "; ".join(before.differences(plan)[:_SHOWN_DIFFERENCES]),
            remedy="run it as it was begun, or begin anew with --overwrite",
        )
    # A directory of parts without a plan is one that is being begun: no end leaves it strange.
    parts.directory.mkdir(exist_ok=True)
    _remove(parts.directory, _PLAN_NAME)
    _remove(directory, *_OURS, *_leftovers(directory))
    _remove(parts.directory, *(path.name for path in parts.directory.iterdir()))
    with replacing(parts.directory / _PLAN_NAME) as file:
        file.write(plan.model_dump_json().encode())
    return parts


def close_parts(parts: Parts) -> None:
    """Remove the parts of a compile that is finished."""
    shutil.rmtree(parts.directory, ignore_errors=True)


def input_of(path: Path) -> Input:
    """The input at a path, as it is now. Raises OSError."""
    size, digest = _identity(path)
    return Input(path=str(path), bytes=size, sha256=digest)


def _identity(path: Path) -> tuple[int, str]:
    return path.stat().st_size, sha256_of(path)


def _read_plan(parts: Parts) -> Plan | None:
    """The plan of an unfinished compile; None where it ended before it had written one."""
    try:
        return Plan.model_validate_json((parts.directory / _PLAN_NAME).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _lock(path: Path) -> int | None:
    """A descriptor that holds the lock of a file; None where another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _leftovers(directory: Path) -> list[str]:
    """Files that a run had not come to name before it was ended."""
    return [path.name for path in directory.glob(".*.tmp")]


def _remove(directory: Path, *names: str) -> None:
    for name in names:
        path = directory / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
