"""The whole bench: speed beside others, cost against size, packing, reading; to a file and a table.

    python bench/run.py [--quick] [--environments DIR] [--results FILE] [--table FILE]

Everything is compared in runs that follow each other on the same machine, as ratios of medians.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import packing
import reading
import sizes
from environments import PEERS, CannotInstallError, Peer, python_of
from msagent_rows import write_rows
from table import table

from agentdata.assets import tokenizer_dir

HERE = Path(__file__).parent


def main() -> None:
    options = _options()
    quick: bool = options.quick
    runs = 2 if quick else 5
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        results = {
            "date": date.today().isoformat(),
            "quick": quick,
            "runs": runs,
            "machine": _machine(),
            "speed": _speed(scratch, 500 if quick else 20_000, runs),
            "peers": _peers(scratch, 100 if quick else 1_000, runs, options.environments),
            "sizes": sizes.measure(
                scratch,
                [1_000, 5_000, 10_000] if quick else [10_000, 100_000, 600_000],
                os.cpu_count() or 1,
            ),
            "packing": packing.measure(runs),
            "reading": reading.measure(scratch, 4_000 if quick else 100_000, runs),
        }
    options.results.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    options.table.write_text(table(results), "utf-8")
    print(table(results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="few rows: shows that it works")
    parser.add_argument("--environments", type=Path, default=HERE / ".envs")
    parser.add_argument("--results", type=Path, default=HERE / "results.json")
    parser.add_argument("--table", type=Path, default=HERE.parent / "docs/performance.md")
    return parser.parse_args()


def _machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    libraries = ("agentdata", "tokenizers", "pyarrow", "numpy", "tiktoken")
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / (1 << 30)),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in libraries},
    }


def _speed(scratch: Path, rows: int, runs: int) -> list[dict[str, Any]]:
    source = scratch / "speed.jsonl"
    write_rows(rows, source)
    sets = [("generated", [str(source), "bundled", "chatml"])]
    shared = Path(os.environ.get("AGENTDATA_SHARED", "/nowhere"))
    qwen = shared / "tokenizers/qwen2.5"
    tau = sorted((shared / "data/tau-bench").glob("*.jsonl"))
    if tau and qwen.is_dir():
        sets.append(("tau-bench", [str(tau[0]), str(qwen), "qwen2_5"]))
    figures = []
    for name, arguments in sets:
        for threads in (1, 2):
            command = [sys.executable, str(HERE / "speed.py"), str(threads), str(runs), *arguments]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            figures.append({"rows": name, **json.loads(done.stdout.splitlines()[-1])})
    return figures


def _peers(scratch: Path, rows: int, runs: int, environments: Path) -> list[dict[str, Any]]:
    """Each peer over the same messages and tokenizer, in turn with a compile of them."""
    source, messages = scratch / "peers.jsonl", scratch / "messages.jsonl"
    write_rows(rows, source)
    with messages.open("w", encoding="utf-8") as file:
        for line in source.read_text("utf-8").splitlines():
            turns = json.loads(line)["conversations"]
            plain = [{"role": turn["from"], "content": turn["value"]} for turn in turns]
            file.write(json.dumps({"messages": plain}, ensure_ascii=False) + "\n")
    figures = []
    for peer in PEERS:
        try:
            python = python_of(peer, environments)
            pairs = [(_ours(messages), _peer(peer, python, messages)) for _ in range(runs)]
        except CannotInstallError as error:
            figures.append({"peer": peer.name, "skipped": str(error)})
            continue
        theirs = pairs[0][1]
        figures.append(
            {
                "peer": peer.name,
                "versions": theirs["versions"],
                "tokens": theirs["tokens"],
                "our_tokens": pairs[0][0]["tokens"],
                "ratio_by_cpu": median(
                    their["cpu_seconds"] / their["tokens"] * our["compile_tokens_per_cpu_second"]
                    for our, their in pairs
                ),
                "ratio_by_clock": median(
                    their["seconds"] / their["tokens"] * our["compile_tokens_per_second"]
                    for our, their in pairs
                ),
            }
        )
    return figures


def _ours(messages: Path) -> dict[str, Any]:
    command = [sys.executable, str(HERE / "speed.py"), "1", "1", str(messages), "bundled", "chatml"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _peer(peer: Peer, python: Path, messages: Path) -> dict[str, Any]:
    command = [str(python), str(HERE / "peers" / peer.script), str(messages), str(tokenizer_dir())]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise CannotInstallError(f"does not run: {done.stderr.strip().splitlines()[-1]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    main()
