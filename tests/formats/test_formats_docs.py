"""The list of formats in docs/formats.md is that of the readers."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from agentdata.reasons import REASONS

ROOT = Path(__file__).parents[2]


def test_the_list_of_formats_is_current() -> None:
    spec = importlib.util.spec_from_file_location("formats_table", ROOT / "docs/formats_table.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = script  # dataclasses look their module up
    spec.loader.exec_module(script)
    text = (ROOT / "docs/formats.md").read_text("utf-8")
    listed = script.HEAD + "\n".join(script.format_table()) + "\n"
    assert text.startswith(listed), "run `make docs`"


def test_every_code_in_the_table_is_explained() -> None:
    text = (ROOT / "docs/formats.md").read_text("utf-8")
    legend = text.partition("| code | rows | an answer |")[2]
    assert legend
    for line in legend.splitlines()[2:]:
        code, _, _, meaning = (cell.strip().strip("`") for cell in line.strip("| ").split(" | ", 3))
        assert REASONS[code] == meaning, "run `make docs`"
