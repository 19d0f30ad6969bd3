"""Compile beside other libraries: the same whole job, on one core, in rounds that take turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from environments import PEERS, CannotInstallError, Peer, last_line, python_of
from msagent_rows import write_messages
from spread import spread

from agentdata.assets import tokenizer_dir

SCRIPTS = Path(__file__).parent / "peers"
ROOT = Path(__file__).parents[1]
# Built in, and through the very template that TRL is given.
OURS = {"chatml": "chatml", "jinja": str(SCRIPTS / "chatml.jinja")}
CACHES = ("HF_HOME", "MODELSCOPE_CACHE", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR")

Figures = dict[str, Any]
"""What a script of `peers/` prints."""


class CannotRunError(Exception):
    """Why a library does not do the job, in one line."""


def measure(
    scratch: Path, rows: int, runs: int, environments: Path, qwen: Path | None
) -> dict[str, Any]:
    """The same rows through every library that can be installed, `runs` times each in turn."""
    source = scratch / "messages.jsonl"
    write_messages(rows, source)
    tokenizer = qwen or tokenizer_dir()
    jobs: dict[str, Callable[[], Figures]] = {
        name: _ours(source, tokenizer, template) for name, template in OURS.items()
    }
    skipped: dict[str, str] = {}
    for peer in PEERS:
        try:
            jobs[peer.name] = _theirs(peer, python_of(peer, environments), source, tokenizer)
        except CannotInstallError as error:
            skipped[peer.name] = f"cannot be installed: {error}"
    done = _take_turns(jobs, skipped, runs)
    ours = {name: done.pop(name) for name in OURS}
    return {
        "rows": rows,
        "tokenizer": "bundled" if qwen is None else qwen.name,
        "versions": ours["chatml"][0]["versions"],
        "tokens": _tokens(ours["chatml"][0]),
        "cpu_tokens_per_second": {name: _speed(each) for name, each in ours.items()},
        "peers": [_beside(name, theirs, ours) for name, theirs in done.items()],
        "skipped": skipped,
    }


def _take_turns(
    jobs: dict[str, Callable[[], Figures]], skipped: dict[str, str], runs: int
) -> dict[str, list[Figures]]:
    done: dict[str, list[Figures]] = {name: [] for name in jobs}
    for run in range(runs):
        # Backwards every other time, so that none always follows the same one.
        for name in list(done)[:: 1 if run % 2 == 0 else -1]:
            try:
                done[name].append(jobs[name]())
            except CannotRunError as error:
                if name in OURS:
                    raise SystemExit(f"bench: {name}: {error}") from None
                skipped[name] = f"does not run: {error}"
                del done[name]
    return done


def _ours(rows: Path, tokenizer: Path, template: str) -> Callable[[], Figures]:
    command = [sys.executable, str(SCRIPTS / "agentdata_rows.py"), str(rows), str(tokenizer)]
    return lambda: _run([*command, template], {"PYTHONPATH": str(ROOT)})


def _theirs(peer: Peer, python: Path, rows: Path, tokenizer: Path) -> Callable[[], Figures]:
    command = [str(python), str(SCRIPTS / peer.script), str(rows), str(tokenizer)]
    return lambda: _run(command, {"HF_HUB_OFFLINE": "1"})


def _run(command: list[str], variables: dict[str, str]) -> Figures:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1", **variables}
    # Empty caches: nothing of an earlier run is found again.
    with tempfile.TemporaryDirectory() as empty:
        environment |= dict.fromkeys(CACHES, empty)
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment
        )
    if ended.returncode:
        raise CannotRunError(last_line(ended.stderr))
    figures: Figures = json.loads(ended.stdout.splitlines()[-1])
    return figures


def _beside(name: str, theirs: list[Figures], ours: dict[str, list[Figures]]) -> dict[str, Any]:
    """How many times as fast compile is, by both of its ways, and in how many rows they agree."""
    rows = list(zip(theirs[0]["rows"], ours["chatml"][0]["rows"], strict=False))
    return {
        "peer": name,
        "versions": theirs[0]["versions"],
        "tokens": _tokens(theirs[0]),
        "cpu_tokens_per_second": _speed(theirs),
        "rows": len(theirs[0]["rows"]),
        "rows_with_our_ids": sum(their[2] == our[2] for their, our in rows),
        "rows_with_our_trained_tokens": sum(their[3] == our[3] for their, our in rows),
        **{
            f"ratio_{clock}_{way}": spread(
                (their[key] / _tokens(their)) / (our[key] / _tokens(our))
                for their, our in zip(theirs, each, strict=True)
            )
            for clock, key in (("cpu", "cpu_seconds"), ("clock", "seconds"))
            for way, each in ours.items()
        },
    }


def _tokens(figures: Figures) -> int:
    return sum(row[0] for row in figures["rows"])


def _speed(runs: list[Figures]) -> Any:
    return spread(_tokens(run) / run["cpu_seconds"] for run in runs)
