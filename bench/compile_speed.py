"""Compile, from files to finished shards, beside bare `tokenizers.encode_batch`, in one run.

    python bench/compile_speed.py [SOURCE TOKENIZER TEMPLATE AGENT_TEMPLATE LOSS_SCALE]

Without arguments: the bundled sample, many times over (bench/msagent_rows.py makes more). Both run
on one core, without threads, in pairs of runs. Prints tokens/s of both and their ratio (medians) by
the clock and by processor time, the latter also without loading the tokenizer, which `encode_batch`
does not count, and the peak memory of this process.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import orjson

from agentdata import formats
from agentdata.assets import sample_dir
from agentdata.errors import RowError
from agentdata.example import rendered
from agentdata.house import House, open_house
from agentdata.intake import plan_tasks
from agentdata.pipeline import compile_recipe
from agentdata.recipe import Recipe, make_recipe
from agentdata.sources import RawRow, read_unit

RUNS = 5


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        _use_one_core()
        recipe = _recipe(arguments, Path(scratch))
        house = open_house(recipe)
        texts = _texts(recipe, house)
        ours: list[_Times] = []
        bare: list[_Times] = []
        loading: list[float] = []
        tokens = 0
        for run in range(RUNS):
            start = _now()
            manifest = compile_recipe(recipe, Path(scratch) / f"out{run}")
            ours.append(_since(start))
            start = _now()
            open_house(recipe)
            loading.append(_since(start)[1])
            start = _now()
            for at in range(0, len(texts), 64):
                house.encoder.tokenizer.backend.encode_batch(
                    texts[at : at + 64], add_special_tokens=False
                )
            bare.append(_since(start))
            tokens = manifest.total().tokens
    seconds, floor = (statistics.median(each[0] for each in times) for times in (ours, bare))
    pairs = list(zip(bare, ours, loading, strict=True))
    ratio = statistics.median(b[0] / o[0] for b, o, _ in pairs)
    by_processor = statistics.median(b[1] / o[1] for b, o, _ in pairs)
    loaded = statistics.median(b[1] / (o[1] - load) for b, o, load in pairs)
    print(f"{len(texts)} texts, {tokens} tokens, {RUNS} paired runs, {recipe.workers} workers")
    print(f"compile                 {tokens / seconds:12,.0f} tokens/s")
    print(f"tokenizers.encode_batch {tokens / floor:12,.0f} tokens/s (no rendering, no writing)")
    print(f"ratio by the clock      {ratio:12.2f}")
    print(f"ratio by processor time {by_processor:12.2f}")
    print(f"the same, once loaded   {loaded:12.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory             {peak / 1024:12,.0f} MiB")


_Times = tuple[float, float]
"""Seconds by the clock, and of processor time."""


def _use_one_core() -> None:
    # Threads inside the tokenizer would be compared with one process.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _now() -> _Times:
    return time.perf_counter(), time.process_time()


def _since(start: _Times) -> _Times:
    now = _now()
    return now[0] - start[0], now[1] - start[1]


def _recipe(arguments: list[str], scratch: Path) -> Recipe:
    if arguments:
        keys = ("sources", "tokenizer", "template", "agent_template", "loss_scale")
        values = dict(zip(keys, arguments, strict=False))
        return make_recipe(values | {"sources": [values["sources"]]})
    source = scratch / "sample.jsonl"
    rows = (sample_dir() / "openai.jsonl").read_bytes().splitlines()
    good = [row for row in rows if _is_good(row)]
    source.write_bytes(b"\n".join(good * 100) + b"\n")
    return make_recipe(
        {
            "sources": [str(source)],
            "tokenizer": "bundled",
            "template": "chatml",
            "loss_scale": "hermes",
        }
    )


def _is_good(row: bytes) -> bool:
    try:
        return "messages" in orjson.loads(row)
    except orjson.JSONDecodeError:
        return False


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
