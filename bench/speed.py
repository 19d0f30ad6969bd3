"""Compile beside bare `encode_batch`, on several rows, templates and numbers of threads."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msagent_rows import write_messages, write_rows
from reference import WITHOUT, reference

HERE = Path(__file__).parent
TAU = "data/tau-bench/historical_trajectories/gpt-4o-airline.json"


@dataclass(frozen=True)
class Set:
    """Rows, and how they are compiled; `source` is None where there are no reference data."""

    name: str
    tokenizer: str
    template: str
    source: Path | None

    def shown(self) -> dict[str, str]:
        """What the table says of it."""
        jinja = self.template == "auto" or self.template.endswith(".jinja")
        return {
            "rows": self.name,
            "tokenizer": Path(self.tokenizer).name,
            "template": "Jinja" if jinja else self.template,
        }


def measure(scratch: Path, rows: int, runs: int) -> list[dict[str, Any]]:
    """For each set of rows and template, with 1 and 2 threads: what `encode_batch.py` prints."""
    generated, messages = scratch / "generated.jsonl", scratch / "messages.jsonl"
    write_rows(rows, generated)
    write_messages(rows, messages)
    qwen, tau = reference("tokenizers/qwen2.5"), reference(TAU)
    known, named = (str(qwen), "qwen2_5") if qwen else ("bundled", "chatml")
    sets = (
        Set("like MSAgent-Bench", known, named, generated),
        Set("the same as messages", known, str(HERE / "peers/chatml.jinja"), messages),
        Set("tau-bench", str(qwen), "qwen2_5", tau),
        Set("tau-bench", str(qwen), "auto", tau),
    )
    figures = []
    for each in sets:
        if each.source is None:
            figures.append({**each.shown(), "skipped": WITHOUT})
            continue
        figures.extend({**each.shown(), **_paired(each, threads, runs)} for threads in (1, 2))
    return figures


def _paired(each: Set, threads: int, runs: int) -> dict[str, Any]:
    script = str(HERE / "encode_batch.py")
    arguments = (str(each.source), each.tokenizer, each.template)
    command = [sys.executable, script, str(threads), str(runs), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {script} ended with {done.returncode}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures
