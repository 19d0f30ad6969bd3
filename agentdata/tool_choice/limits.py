"""How many tools a row goes on offering, and which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Distractors = Literal["random", "bm25", "none"]


@dataclass(frozen=True, slots=True)
class Limits:
    """At most `tools` tools, and `tokens` tokens for the section that tells of them; None is no
    limit. `distractors` says how tools are chosen that the row does not call, `seed` what the
    draws depend on beside the row."""

    tools: int | None = None
    tokens: int | None = None
    distractors: Distractors = "random"
    seed: int = 0
