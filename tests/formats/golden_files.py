"""Golden cases: one small JSON file each, {"row": ..., "conversation": ...}.

`python tests/formats/golden_files.py` writes what the readers say today into all of them; the
difference is what `git diff` shows.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

from agentdata.formats import FORMATS

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(GOLDEN.glob("*/*.json"))


def plain(value: Any) -> Any:
    """A conversation as JSON, without what holds its default: short enough to read."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: plain(getattr(value, f.name))
            for f in fields(value)
            if getattr(value, f.name) != _default(f)
        }
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def _default(f: Any) -> Any:
    return f.default_factory() if f.default_factory is not MISSING else f.default


def main() -> None:
    for path in CASES:
        row = json.loads(path.read_text(encoding="utf-8"))["row"]
        case = {"row": row, "conversation": plain(FORMATS[path.parent.name].read(row))}
        text = json.dumps(case, ensure_ascii=False, indent=1)
        path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
