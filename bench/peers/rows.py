"""What every peer script shares: its arguments, its clock, and the one line that it prints."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Messages = list[dict[str, str]]


def measure(encode: Callable[[Messages], int], versions: dict[str, str]) -> None:
    """Encode all rows of the file named first, and print tokens and seconds as JSON.

    `encode` returns the tokens of a row. Loading, and a first row, are not counted.
    """
    rows: list[Messages] = [
        json.loads(line)["messages"] for line in Path(sys.argv[1]).read_text("utf-8").splitlines()
    ]
    encode(rows[0])
    start, cpu = time.perf_counter(), time.process_time()
    tokens = sum(encode(row) for row in rows)
    result: dict[str, Any] = {
        "tokens": tokens,
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "versions": versions,
    }
    print(json.dumps(result))
