"""How full packs are, and what packing costs: windows of 16 M tokens at 8,192, log-normal rows."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from spread import spread

from agentdata.packing import pack
from agentdata.shards.packs import WINDOW_TOKENS

CAPACITY = 8192
MEDIAN_TOKENS = 900


def measure(runs: int) -> dict[str, Any]:
    """`fill` (share of the packs' tokens that are rows) and `tokens_per_cpu_second`."""
    fills, speeds = [], []
    for seed in range(runs):
        lengths = np.random.default_rng(seed).lognormal(np.log(MEDIAN_TOKENS), 0.7, 20_000)
        rows = lengths.astype(int).clip(1, CAPACITY)
        rows = rows[np.cumsum(rows) <= WINDOW_TOKENS].tolist()
        start = time.process_time()
        packs = pack(rows, CAPACITY)
        speeds.append(sum(rows) / (time.process_time() - start))
        fills.append(sum(rows) / (len(packs) * CAPACITY))
    return {
        "capacity": CAPACITY,
        "median_tokens": MEDIAN_TOKENS,
        "fill": spread(fills),
        "tokens_per_cpu_second": spread(speeds),
    }
