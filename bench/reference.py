"""The reference data that are measured with, where they are on this machine."""

from __future__ import annotations

import os
from pathlib import Path

WITHOUT = "no reference data here (AGENTDATA_SHARED)"


def reference(name: str) -> Path | None:
    """A file or folder of the reference data; None where there are none at all.

    Ends the bench where they are there, but without this one.
    """
    told = os.environ.get("AGENTDATA_SHARED")
    shared = Path(told) if told else Path(__file__).parents[2] / "shared"
    if not shared.is_dir():
        if told:
            raise SystemExit("bench: AGENTDATA_SHARED is no folder")
        return None
    if not (shared / name).exists():
        raise SystemExit(f"bench: the reference data lack {name}")
    return shared / name
