"""What the script of every library shares: its arguments, its clock, and what it prints.

    python SCRIPT ROWS.jsonl TOKENIZER [TEMPLATE]

The job is the whole one: from a file of rows and a tokenizer on disk to ids and labels on disk,
on one core.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import zlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path

CHATML = Path(__file__).with_name("chatml.jinja")
WARM_UP_ROWS = 8


@dataclass(frozen=True)
class Job:
    """Rows {"messages": [...]} as JSONL, a tokenizer's folder, a template, and an empty folder."""

    rows: Path
    tokenizer: Path
    template: str
    scratch: Path


Encoded = Iterable[tuple[Sequence[int], Sequence[float]]]
"""Of each row in order: ids, and something that tells which of them are trained (see `measure`)."""


def measure(work: Callable[[Job], Encoded], packages: tuple[str, ...], untrained: float) -> None:
    """Do the job once on a few rows, then by the clock on all, and print figures as JSON.

    `work` returns ids and labels (or weights) of every row, `untrained` standing where a token is
    not trained; reading them back is not counted, nor is importing the library.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    rows, tokenizer, *template = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / "first", Path(name) / "all"]
        few = Path(name) / "few.jsonl"
        with Path(rows).open(encoding="utf-8") as file:
            few.write_text("".join(islice(file, WARM_UP_ROWS)), "utf-8")
        jobs = [
            Job(source, Path(tokenizer), "".join(template), folder)
            for source, folder in zip([few, Path(rows)], folders, strict=True)
        ]
        for folder in folders:
            folder.mkdir()
        work(jobs[0])
        start, cpu = time.perf_counter(), _cpu()
        encoded = work(jobs[1])
        seconds, cpu_seconds = time.perf_counter() - start, _cpu() - cpu
        prints = [_print(ids, labels, untrained) for ids, labels in encoded]
    result = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "versions": {package: version(package) for package in packages},
        "rows": prints,
    }
    print(json.dumps(result))


def _cpu() -> float:
    # With the processes that it started and waited for.
    return sum(os.times()[:4])


def _print(
    ids: Sequence[int], labels: Sequence[float], untrained: float
) -> tuple[int, int, int, int]:
    """Tokens, trained tokens, and a checksum of the ids and one of which are trained."""
    trained = bytes(int(label != untrained) for label in labels)
    return len(ids), sum(trained), zlib.crc32(array("i", ids).tobytes()), zlib.crc32(trained)
