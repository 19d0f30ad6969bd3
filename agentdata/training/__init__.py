"""Training on compiled shards in plain torch; needs the extra `train`."""

from __future__ import annotations

import importlib.util

from agentdata.errors import AgentDataError

EXTRA = ("torch", "transformers", "safetensors")


def require_extra() -> None:
    """Raises AgentDataError `missing_extra` where a library of the extra `train` is missing."""
    missing = [name for name in EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise AgentDataError(
            "missing_extra",
            f"training needs {', '.join(missing)}, not installed here",
            remedy='pip install "agentdata[train]"',
        )
