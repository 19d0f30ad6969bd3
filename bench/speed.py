"""Compile beside bare `encode_batch`, on several rows, templates and numbers of threads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from msagent_rows import write_rows
from reference import WITHOUT, reference

HERE = Path(__file__).parent
TAU = "data/tau-bench/historical_trajectories/gpt-4o-airline.json"


def measure(scratch: Path, rows: int, runs: int) -> list[dict[str, Any]]:
    """For each set of rows and template, with 1 and 2 threads: what `encode_batch.py` prints."""
    source = scratch / "speed.jsonl"
    write_rows(rows, source)
    sets: list[tuple[str, str, str, Path | None]] = [
        ("generated", "chatml", "bundled", source),
        ("generated", str(HERE / "peers/chatml.jinja"), "bundled", source),
    ]
    qwen, tau = reference("tokenizers/qwen2.5"), reference(TAU)
    for template in ("qwen2_5", "auto"):
        sets.append(("tau-bench", template, str(qwen), tau))
    figures = []
    for name, template, tokenizer, path in sets:
        shown = {
            "rows": name,
            "tokenizer": Path(tokenizer).name,
            "template": f"{Path(template).stem} (Jinja)" if template.endswith("a") else template,
        }
        if path is None:
            figures.append({**shown, "skipped": WITHOUT})
            continue
        figures.extend(
            {**shown, **_paired(threads, runs, path, tokenizer, template)} for threads in (1, 2)
        )
    return figures


def _paired(threads: int, runs: int, *arguments: object) -> dict[str, Any]:
    script = str(HERE / "encode_batch.py")
    command = [sys.executable, script, str(threads), str(runs), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {script} ended with {done.returncode}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures
