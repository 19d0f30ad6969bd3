"""Compile, from files to finished shards, beside bare `tokenizers.encode_batch`, in paired runs.

    python bench/encode_batch.py THREADS RUNS SOURCE TOKENIZER TEMPLATE

Both run on as many cores, compile with a worker on each where it finds work for them;
`encode_batch` is given the rendered texts, with a tokenizer that has seen none of them. Ends with 1
unless both have the same number of tokens. Prints one JSON object: that number, and of tokens/s and
of their ratios (by the clock and by processor time, the latter also without loading the tokenizer,
which `encode_batch` does not count) the median, lowest and highest.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from spread import spread

from agentdata.checks import checked
from agentdata.errors import RowError
from agentdata.example import rendered
from agentdata.house import House, open_house
from agentdata.intake import plan_tasks, read_conversation, read_rows
from agentdata.pipeline import compile_recipe
from agentdata.recipe import Recipe, make_recipe

BATCH_TEXTS = 64


@dataclass(frozen=True)
class Times:
    """Seconds by the clock, and of processor time with that of processes waited for."""

    clock: float
    cpu: float

    def __sub__(self, other: Times) -> Times:
        return Times(self.clock - other.clock, self.cpu - other.cpu)


@dataclass(frozen=True)
class Pair:
    """One compile, loading the tokenizer alone, and `encode_batch`."""

    compiled: Times
    loaded: Times
    encoded: Times
    compiled_tokens: int
    encoded_tokens: int


def main(arguments: list[str]) -> None:
    threads, runs, source, tokenizer, template = arguments
    _use_cores(int(threads))
    recipe = make_recipe(
        {
            "sources": [source],
            "tokenizer": tokenizer,
            "template": template,
            "loss_scale": "react",
            # With more than one, as many as compile takes by itself.
            "workers": 1 if int(threads) == 1 else None,
        }
    )
    texts = _texts(recipe, open_house(recipe))
    pairs = [_pair(recipe, texts, encode_first=run % 2 == 1) for run in range(int(runs))]
    tokens = pairs[0].compiled_tokens
    if not texts or any(pair.encoded_tokens != pair.compiled_tokens for pair in pairs):
        raise SystemExit(f"encode_batch: not the same tokens, or none: {pairs}")
    figures = {
        "threads": int(threads),
        "texts": len(texts),
        "tokens": tokens,
        "compile_tokens_per_second": spread(tokens / pair.compiled.clock for pair in pairs),
        "encode_batch_tokens_per_second": spread(tokens / pair.encoded.clock for pair in pairs),
        "ratio_by_clock": spread(pair.encoded.clock / pair.compiled.clock for pair in pairs),
        "ratio_by_cpu": spread(pair.encoded.cpu / pair.compiled.cpu for pair in pairs),
        "ratio_by_cpu_once_loaded": spread(
            pair.encoded.cpu / (pair.compiled.cpu - pair.loaded.cpu) for pair in pairs
        ),
    }
    print(json.dumps(figures))


def _use_cores(threads: int) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def _texts(recipe: Recipe, house: House) -> list[str]:
    """What the compile renders, for the bare tokenizer."""
    texts = []
    for task in plan_tasks(recipe.sources, recipe.format):
        for raw in read_rows(task):
            try:
                conversation = checked(read_conversation(raw, task), recipe.check)
                texts += [row.prompt.text for row in rendered(conversation, house)]
            except RowError:
                continue
    return texts


def _pair(recipe: Recipe, texts: list[str], *, encode_first: bool) -> Pair:
    start = _now()
    fresh = open_house(recipe).encoder.tokenizer.backend
    loaded = _now() - start

    def compiled() -> tuple[Times, int]:
        with tempfile.TemporaryDirectory() as scratch:
            start = _now()
            manifest = compile_recipe(recipe, Path(scratch) / "shards")
            return _now() - start, manifest.total().tokens

    def encoded() -> tuple[Times, int]:
        tokens, start = 0, _now()
        for at in range(0, len(texts), BATCH_TEXTS):
            batch = fresh.encode_batch(texts[at : at + BATCH_TEXTS], add_special_tokens=False)
            tokens += sum(map(len, batch))
        return _now() - start, tokens

    if encode_first:
        theirs, ours = encoded(), compiled()
    else:
        ours, theirs = compiled(), encoded()
    return Pair(ours[0], loaded, theirs[0], ours[1], theirs[1])


def _now() -> Times:
    return Times(time.perf_counter(), sum(os.times()[:4]))


if __name__ == "__main__":
    main(sys.argv[1:])
