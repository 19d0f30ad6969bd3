"""Compile, from files to finished shards, beside bare `tokenizers.encode_batch`, in paired runs.

    python bench/speed.py THREADS RUNS SOURCE TOKENIZER TEMPLATE [AGENT_TEMPLATE LOSS_SCALE]

Both run on as many cores, compile with a worker on each. Prints one JSON object: tokens, and
medians of tokens/s of both and of their ratios by the clock and by processor time, the latter
also without loading the tokenizer, which `encode_batch` does not count.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from agentdata import formats
from agentdata.errors import RowError
from agentdata.example import rendered
from agentdata.house import House, open_house
from agentdata.intake import plan_tasks
from agentdata.pipeline import compile_recipe
from agentdata.recipe import Recipe, make_recipe
from agentdata.sources import RawRow, read_unit


def main(arguments: list[str]) -> None:
    threads, runs = int(arguments[0]), int(arguments[1])
    _use_cores(threads)
    keys = ("source", "tokenizer", "template", "agent_template", "loss_scale")
    values: dict[str, Any] = dict(zip(keys, arguments[2:], strict=False))
    sources = {"sources": [values.pop("source")], "workers": threads}
    recipe = make_recipe(values | sources)
    house = open_house(recipe)
    texts = _texts(recipe, house)
    pairs: list[tuple[_Times, _Times, float]] = []
    tokens = 0
    with tempfile.TemporaryDirectory() as scratch:
        for run in range(runs):
            start = _now()
            manifest = compile_recipe(recipe, Path(scratch) / f"out{run}")
            ours = _since(start)
            start = _now()
            open_house(recipe)
            loading = _since(start)[1]
            start = _now()
            for at in range(0, len(texts), 64):
                house.encoder.tokenizer.backend.encode_batch(
                    texts[at : at + 64], add_special_tokens=False
                )
            pairs.append((ours, _since(start), loading))
            tokens = manifest.total().tokens
    figures = {
        "threads": threads,
        "texts": len(texts),
        "tokens": tokens,
        "compile_tokens_per_second": median(tokens / ours[0] for ours, _, _ in pairs),
        "encode_batch_tokens_per_second": median(tokens / bare[0] for _, bare, _ in pairs),
        "compile_tokens_per_cpu_second": median(tokens / ours[1] for ours, _, _ in pairs),
        "ratio_by_clock": median(bare[0] / ours[0] for ours, bare, _ in pairs),
        "ratio_by_cpu": median(bare[1] / ours[1] for ours, bare, _ in pairs),
        "ratio_by_cpu_once_loaded": median(
            bare[1] / (ours[1] - load) for ours, bare, load in pairs
        ),
    }
    print(json.dumps(figures))


_Times = tuple[float, float]
"""Seconds by the clock, and of processor time."""


def _use_cores(threads: int) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def _now() -> _Times:
    used = os.times()
    # With the processes that a compile started and waited for.
    return time.perf_counter(), sum(used[:4])


def _since(start: _Times) -> _Times:
    now = _now()
    return now[0] - start[0], now[1] - start[1]


def _texts(recipe: Recipe, house: House) -> list[str]:
    """What the compile renders, for the bare tokenizer."""
    texts = []
    for task in plan_tasks(recipe.sources, recipe.format):
        for raw in read_unit(task.unit):
            if isinstance(raw, RawRow):
                try:
                    conversation = formats.get(task.format).read(raw.value)
                except RowError:
                    continue
                texts.append(rendered(conversation, house).prompt.text)
    return texts


if __name__ == "__main__":
    main(sys.argv[1:])
