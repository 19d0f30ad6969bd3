"""Rows of the bundled sample and of a few hand-made files, as they are seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from agentdata.recipe import make_recipe
from agentdata.show.rows import RawRows
from agentdata.show.view import Seen, TokenView


def write_rows(path: Path, conversations: Sequence[Any]) -> Path:
    """A file of conversations with the ids `row-0`, `row-1`, ...; bytes are lines as they stand."""
    lines = [
        orjson.dumps({"id": f"row-{number}", "messages": messages})
        if isinstance(messages, list)
        else messages
        for number, messages in enumerate(conversations)
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def raw_rows(path: Path, **told: Any) -> RawRows:
    """The rows of a file with the bundled tokenizer."""
    return RawRows(make_recipe({"sources": [str(path)], "tokenizer": "bundled", **told}))


def only(seen: Sequence[Seen]) -> TokenView:
    """The one view of a row."""
    [view] = seen
    assert isinstance(view, TokenView)
    return view
