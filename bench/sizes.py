"""Cost against size: processor time per token, and peak memory of the whole process tree."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from msagent_rows import write_rows

from agentdata.shards.manifest import load_manifest


def measure(scratch: Path, sizes: list[int], workers: int) -> list[dict[str, Any]]:
    """Of each number of generated rows: tokens, CPU and clock ns per token, and peak bytes."""
    figures = []
    for rows in sizes:
        source, out = scratch / f"{rows}.jsonl", scratch / f"shards-{rows}"
        write_rows(rows, source)
        seconds, cpu, peak = _watched(
            [
                *(
                    sys.executable,
                    "-c",
                    "from agentdata.cli import main; main()",
                    "compile",
                    str(source),
                ),
                *("--tokenizer", "bundled", "--template", "chatml", "--out", str(out)),
                *("--workers", str(workers)),
            ]
        )
        tokens = load_manifest(out).total().tokens
        source.unlink()
        figures.append(
            {
                "rows": rows,
                "workers": workers,
                "tokens": tokens,
                "cpu_ns_per_token": cpu / tokens * 1e9,
                "ns_per_token": seconds / tokens * 1e9,
                "peak_bytes": peak,
            }
        )
    return figures


def _watched(command: list[str]) -> tuple[float, float, int]:
    """Seconds by the clock, seconds of processor time, and the most memory at any moment."""
    before, start, peak = _cpu(), time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, sum(_private(pid) for pid in _tree(process.pid)))
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"bench: {' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - start, _cpu() - before, peak


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


def _private(pid: int) -> int:
    # The proportional size counts what forked processes share once.
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
