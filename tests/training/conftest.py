"""Makes the builders of compiled directories importable here, and keeps torch to one thread."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "shards"))
# Models this small gain nothing from threads, and lose much beside other tests.
torch.set_num_threads(1)
