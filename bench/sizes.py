"""Cost against size: processor time per token, and peak memory of the whole process tree."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msagent_rows import write_rows
from spread import spread

from agentdata.shards.manifest import load_manifest

COMPILE = (sys.executable, "-c", "from agentdata.cli import main; main()", "compile")
SAMPLE_SECONDS = 0.25


@dataclass(frozen=True)
class Run:
    """One compile: seconds by the clock and of processor time, and the most bytes at a moment."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    tokens: int


def measure(scratch: Path, sizes: dict[int, int], workers: int) -> list[dict[str, Any]]:
    """For {rows: runs} of generated rows: tokens, CPU and clock ns per token, and peak bytes.

    The sizes take turns, so that a change of the machine's speed meets all of them.
    """
    done: dict[int, list[Run]] = {rows: [] for rows in sizes}
    for rows in sizes:
        write_rows(rows, scratch / f"{rows}.jsonl")
    for turn in range(max(sizes.values())):
        for rows in sizes:
            if turn < sizes[rows]:
                done[rows].append(_compile(scratch / f"{rows}.jsonl", scratch / "out", workers))
    for rows in sizes:
        (scratch / f"{rows}.jsonl").unlink()
    return [
        {
            "rows": rows,
            "workers": workers,
            "tokens": runs[0].tokens,
            "cpu_ns_per_token": spread(run.cpu_seconds / run.tokens * 1e9 for run in runs),
            "ns_per_token": spread(run.seconds / run.tokens * 1e9 for run in runs),
            "peak_bytes": spread(run.peak_bytes for run in runs),
        }
        for rows, runs in done.items()
    ]


def _compile(source: Path, out: Path, workers: int) -> Run:
    options = ("--tokenizer", "bundled", "--template", "chatml", "--workers", str(workers))
    before, start, peak = _cpu(), time.perf_counter(), 0
    command = [*COMPILE, str(source), "--out", str(out), *options, "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, sum(_memory(pid) for pid in _tree(process.pid)))
        time.sleep(SAMPLE_SECONDS)
    seconds, cpu = time.perf_counter() - start, _cpu() - before
    if process.returncode:
        raise SystemExit(f"bench: {' '.join(command)} ended with {process.returncode}")
    tokens = load_manifest(out).total().tokens
    shutil.rmtree(out)
    return Run(seconds, cpu, peak, tokens)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _memory(pid: int) -> int:
    # The proportional size counts what forked processes share once.
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
