"""Writes docs/formats.md: the raw formats, and what became of every row of the reference data.

    python docs/formats_table.py [FOLDER]

FOLDER (default: $AGENTDATA_SHARED/data) holds one folder per source. Each is compiled by shape
alone, as `agentdata compile FOLDER` would, without writing shards.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agentdata.errors import AgentDataError
from agentdata.formats import FORMATS
from agentdata.intake import COMPANION, UNKNOWN_FORMAT
from agentdata.pipeline import measure
from agentdata.reasons import NOTHING_TO_LEARN, REASONS
from agentdata.recipe import make_recipe
from agentdata.shards.manifest import SourceCounts
from agentdata.sources.paths import ENDINGS

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("AGENTDATA_SHARED", ROOT.parent / "shared"))
NOT_ROWS = ("README.md", "LICENSE", ".DS_Store")

HEAD = """# Raw formats

Made by `make docs` from the readers and the reference data; not to be edited by hand.

`--format auto` finds the format of each file by the shape of its rows, never by its name; a folder
may mix formats file by file. `agentdata formats` prints this list, `schemas/` holds the JSON Schema
of each raw row.

| format | what it is | known by |
| --- | --- | --- |
"""

BODY = """
## What became of the reference data

Each source was compiled whole (template `chatml`, agent template `hermes`, bundled tokenizer, media
as the texts that stand for them: `--media text`).
Rows read = written + filtered + merged + rejected. *Merged* rows are lines of a conversation that
is spread over lines, and answers that were joined with their questions. *Without conversations* are
files in which no row is one (tool lists, answer keys, API replies): their rows are refused as
`unknown_format`, and they do not count below.

"""


@dataclass
class Source:
    """The counts of one folder, over the files that hold conversations."""

    name: str
    formats: Counter[str] = field(default_factory=Counter)
    read: int = 0
    written: int = 0
    merged: int = 0
    filtered: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)
    others: int = 0

    def add(self, counts: SourceCounts) -> None:
        (format_,) = counts.formats
        if format_ == UNKNOWN_FORMAT:
            self.others += 1
            return
        if format_ != COMPANION:
            self.formats[format_] += 1
        self.read += counts.read
        self.written += counts.written
        self.merged += counts.merged
        self.filtered.update(counts.filtered)
        self.rejects.update(counts.rejects)


def sources(data: Path) -> Iterator[Source]:
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        source = Source(folder.name)
        files = [str(path) for path in sorted(folder.rglob("*.txt"))]
        options = {
            "sources": [*([str(folder)] if _has_rows(folder) else []), *files],
            "tokenizer": "bundled",
            "template": "chatml",
            "agent_template": "hermes",
            "media": "text",
            "workers": 1,
        }
        try:
            for counts in measure(make_recipe(options)):
                source.add(counts)
        except AgentDataError as error:
            if error.code not in ("unknown_format", "no_rows", "source_not_found"):
                raise
            source.others = sum(path.name.lower().endswith(ENDINGS) for path in folder.rglob("*"))
        yield source


def _has_rows(folder: Path) -> bool:
    """Whether a compile of the folder finds files in it; texts it passes over."""
    names = [path.name.lower() for path in folder.rglob("*")]
    return any(name.endswith(ENDINGS) and not name.endswith(".txt") for name in names)


def format_table() -> Iterator[str]:
    for name, format_ in FORMATS.items():
        known = " ".join((format_.detect.__doc__ or "").split())
        yield f"| `{name}` | {_cell(format_.summary)} | {_cell(known)} |"


def source_table(found: Iterable[Source]) -> Iterator[str]:
    yield (
        "| source | formats (files) | read | written | merged | filtered | rejected "
        "| without conversations |"
    )
    yield "| --- | --- | ---: | ---: | ---: | --- | --- | ---: |"
    for s in found:
        cells = (
            s.name,
            _counts(s.formats),
            str(s.read),
            str(s.written),
            str(s.merged),
            _counts(s.filtered),
            _counts(s.rejects),
            f"{s.others} files" if s.others else "",
        )
        yield f"| {' | '.join(cells)} |"


def summary(found: list[Source]) -> str:
    read = sum(s.read for s in found)
    merged = sum(s.merged for s in found)
    rejected = sum(s.rejects.total() for s in found)
    written = sum(s.written for s in found)
    lost = sum((s.filtered + s.rejects).total() for s in found) - sum(
        (s.filtered + s.rejects)[code] for s in found for code in NOTHING_TO_LEARN
    )
    return (
        f"\n{read:,} rows read, {written:,} written, {merged:,} merged, "
        f"{read - written - merged - rejected:,} filtered, {rejected:,} rejected: "
        f"{(written + merged) / read:.2%} went in. Of the {written + lost:,} rows that hold "
        f"an answer of a model, {written / (written + lost):.2%} were written.\n"
    )


def legend(found: Iterable[Source]) -> Iterator[str]:
    """Every code of the table, with its count, whether there is an answer, and what is wrong."""
    counts: Counter[str] = Counter()
    for source in found:
        counts += source.filtered + source.rejects
    yield "\n| code | rows | an answer | what is wrong with the data |"
    yield "| --- | ---: | --- | --- |"
    for code, rows in counts.most_common():
        answer = "none" if code in NOTHING_TO_LEARN else "yes"
        yield f"| `{code}` | {rows} | {answer} | {_cell(REASONS[code])} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"`{name}` {n}" for name, n in counts.most_common())


def main(arguments: list[str]) -> None:
    data = Path(arguments[0]) if arguments else SHARED / "data"
    found = list(sources(data))
    text = HEAD + "\n".join(format_table()) + "\n" + BODY
    text += "\n".join(source_table(found)) + "\n" + summary(found)
    text += "\n".join(legend(found)) + "\n"
    (ROOT / "docs" / "formats.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
