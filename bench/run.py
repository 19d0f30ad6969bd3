"""The whole bench: speed beside others, cost against size, packing, reading; to a file and a table.

    python bench/run.py [--quick] [--only NAME] [--environments DIR] [--results FILE] [--table FILE]

Everything is compared in runs that follow each other on the same machine, as ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import comparison
import packing
import reading
import sizes
import speed
from environments import cache_directory
from reference import reference
from table import table

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Scale:
    """How much is measured: rows, and runs of each figure (`sizes`: {rows: runs})."""

    runs: int
    speed_rows: int
    peer_rows: int
    sizes: dict[int, int]
    reading_rows: int


# The largest size alone takes minutes, and its cost is a mean over half a milliard tokens.
FULL = Scale(5, 24_000, 10_000, {10_000: 5, 100_000: 3, 600_000: 1}, 50_000)
QUICK = Scale(1, 300, 200, {1_000: 1, 3_000: 1, 10_000: 1}, 4_000)

PARTS = ("speed", "comparison", "sizes", "packing", "reading")


def main() -> None:
    options = _options()
    results: dict[str, Any] = {
        "date": date.today().isoformat(),
        "quick": options.quick,
        "machine": _machine(),
    }
    with tempfile.TemporaryDirectory() as name:
        parts = _parts(Path(name), QUICK if options.quick else FULL, options.environments)
        for part in options.only or parts:
            start = time.perf_counter()
            results[part] = parts[part]()
            print(f"bench: {part} took {time.perf_counter() - start:.0f} s", file=sys.stderr)
    if options.only:
        print(json.dumps(results, indent=2))
        return
    options.results.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    options.table.write_text(table(results), "utf-8")
    print(table(results))


def _parts(scratch: Path, scale: Scale, environments: Path) -> dict[str, Callable[[], Any]]:
    return {
        "speed": lambda: speed.measure(scratch, scale.speed_rows, scale.runs),
        "comparison": lambda: comparison.measure(
            scratch, scale.peer_rows, scale.runs, environments, reference("tokenizers/qwen2.5")
        ),
        "sizes": lambda: sizes.measure(scratch, scale.sizes, os.cpu_count() or 1),
        "packing": lambda: packing.measure(max(scale.runs, 2)),
        "reading": lambda: reading.measure(scratch, scale.reading_rows, scale.runs),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="few rows: shows that it works")
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="a part alone, printed and not written"
    )
    parser.add_argument("--environments", type=Path, default=cache_directory())
    parser.add_argument("--results", type=Path, default=HERE / "results.json")
    parser.add_argument("--table", type=Path, default=HERE.parent / "docs/performance.md")
    return parser.parse_args()


def _machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    libraries = ("agentdata", "tokenizers", "pyarrow", "numpy", "fastokens")
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / (1 << 30)),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in libraries},
    }


if __name__ == "__main__":
    main()
