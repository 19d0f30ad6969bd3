"""Whether a compiled directory is as it was written, and what it says of itself is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
from pydantic import BaseModel, Field

from agentdata.errors import AgentDataError
from agentdata.files import sha256_of
from agentdata.shards.manifest import (
    MANIFEST_NAME,
    REJECTS_NAME,
    Manifest,
    Shard,
    load_manifest,
)
from agentdata.shards.media import media_faults
from agentdata.shards.reader import open_shard
from agentdata.shards.schema import IGNORE_INDEX
from agentdata.shards.unique_ids import Seen

_SUM_TOLERANCE = 1e-5
"""Sums of weights are float32, and may have been added in another order."""
_SHOWN = 20
"""So many faults of a kind are held; all are counted."""


class Fault(BaseModel):
    """What is wrong with a file. `code`: `missing`, `unexpected`, `size`, `checksum`,
    `unreadable`, `count`, `lengths`, `token_id`, `weight`, `label`, `positions`, `media`,
    `duplicate_id`, `unaccounted`, `rejects`."""

    code: str
    path: str
    message: str


class VerifyReport(BaseModel):
    """What was looked at, and what was found. `codes` counts all faults, `faults` holds the first
    of each code."""

    directory: str
    shards: int = 0
    rows: int = 0
    tokens: int = 0
    faults: list[Fault] = Field(default_factory=list)
    codes: Counter[str] = Field(default_factory=Counter)

    @property
    def is_whole(self) -> bool:
        return not self.codes

    def add(self, code: str, path: str, message: str) -> None:
        self.codes[code] += 1
        if self.codes[code] <= _SHOWN:
            self.faults.append(Fault(code=code, path=path, message=message))


def verify(directory: str | Path) -> VerifyReport:
    """Look at every byte and every row of a compiled directory.

    Raises AgentDataError `not_found`, `not_finished`, `bad_manifest` where there is no manifest to
    hold it to.
    """
    directory = Path(directory)
    manifest = load_manifest(directory)
    report = VerifyReport(directory=str(directory))
    _check_names(directory, manifest, report)
    _check_accounts(manifest, report)
    _check_rejects(directory, manifest, report)
    seen = Seen()
    for shard in manifest.shards:
        if _check_bytes(directory / shard.path, shard.path, shard.bytes, shard.sha256, report):
            _check_shard(directory, shard, manifest, seen, report)
    return report


def _check_names(directory: Path, manifest: Manifest, report: VerifyReport) -> None:
    """Only what the manifest names may lie there: loaders take in whatever they find."""
    known = {MANIFEST_NAME, REJECTS_NAME, *(shard.path for shard in manifest.shards)}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        hidden = any(part.startswith(".") for part in Path(name).parts)
        if path.is_file() and not hidden and name not in known:
            report.add("unexpected", name, "the manifest does not know this file")


def _check_accounts(manifest: Manifest, report: VerifyReport) -> None:
    for source in manifest.sources:
        filtered = sum(source.filtered.values())
        accounted = source.written + source.rejected + filtered + source.merged
        if source.read != accounted:
            report.add(
                "unaccounted",
                MANIFEST_NAME,
                f"{source.source}: {source.read} rows were read, {accounted} are accounted for",
            )
        if source.rejected != sum(source.rejects.values()):
            report.add("unaccounted", MANIFEST_NAME, f"{source.source}: rejects do not add up")
    total = manifest.total()
    rows = sum(s.written + s.split_off + s.augmented for s in manifest.sources)
    tokens = sum(shard.tokens for shard in manifest.shards)
    in_shards = sum(shard.rows for shard in manifest.shards)
    if manifest.sources and (rows, total.tokens) != (in_shards, tokens):
        report.add(
            "count",
            MANIFEST_NAME,
            f"sources have {rows} rows and {total.tokens} tokens, shards {in_shards} and {tokens}",
        )


def _check_rejects(directory: Path, manifest: Manifest, report: VerifyReport) -> None:
    path = directory / REJECTS_NAME
    expected = manifest.rejects
    if not path.exists() and not expected.rows:
        return
    if not _check_bytes(path, REJECTS_NAME, expected.bytes, expected.sha256, report):
        return
    reasons: dict[str, Counter[str]] = {}
    with path.open("rb") as file:
        for line in file:
            record = orjson.loads(line)
            reasons.setdefault(record["source"], Counter())[record["reason"]] += 1
    for source in manifest.sources:
        if reasons.get(source.source, Counter()) != source.rejects:
            report.add("rejects", REJECTS_NAME, f"{source.source}: other rows than were counted")


def _check_bytes(path: Path, name: str, size: int, sha256: str, report: VerifyReport) -> bool:
    try:
        found = path.stat().st_size
        if found != size:
            report.add("size", name, f"has {found} bytes, the manifest says {size}")
            return False
        if sha256_of(path) != sha256:
            report.add("checksum", name, "its bytes are not those that were written")
            return False
    except FileNotFoundError:
        report.add("missing", name, "is not there")
        return False
    except OSError as error:
        report.add("unreadable", name, error.strerror or str(error))
        return False
    return True


def _check_shard(
    directory: Path, shard: Shard, manifest: Manifest, seen: Seen, report: VerifyReport
) -> None:
    rows = tokens = trained = 0
    weight_sum = 0.0
    try:
        file = open_shard(directory, shard, manifest)
        for number in range(len(file.group_rows)):
            group = file.read(number)
            for code, message in _group_faults(group, manifest, seen):
                report.add(code, shard.path, f"row group {number}: {message}")
            rows += group.num_rows
            tokens += int(_numbers(group, "length").sum(dtype=np.int64))
            trained += int(_numbers(group, "trained_tokens").sum(dtype=np.int64))
            weight_sum += float(_numbers(group, "weight_sum").sum(dtype=np.float64))
    except AgentDataError as error:
        report.add("unreadable", shard.path, error.message)
        return
    if (rows, tokens, trained) != (shard.rows, shard.tokens, shard.trained_tokens):
        report.add("count", shard.path, "rows or tokens are not as many as the manifest says")
    if not np.isclose(weight_sum, shard.weight_sum, rtol=_SUM_TOLERANCE):
        report.add("count", shard.path, "the weights do not sum to what the manifest says")
    report.shards += 1
    report.rows += rows
    report.tokens += tokens


def _group_faults(group: pa.Table, manifest: Manifest, seen: Seen) -> Iterator[tuple[str, str]]:
    ids, ends = _lists(group, "input_ids")
    labels, label_ends = _lists(group, "labels")
    weights, weight_ends = _lists(group, "loss_weights")
    lengths = np.diff(ends, prepend=0)
    if not (np.array_equal(ends, label_ends) and np.array_equal(ends, weight_ends)):
        yield "lengths", "ids, labels and weights differ in length"
        return
    if not np.array_equal(lengths, _numbers(group, "length")):
        yield "lengths", "`length` is not the number of ids"
    if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < manifest.vocab_size:
        yield "token_id", f"ids outside of 0..{manifest.vocab_size - 1}"
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        yield "weight", "weights that are not finite and at least 0"
    if not np.array_equal(labels, np.where(weights > 0, ids, IGNORE_INDEX)):
        yield "label", "labels that are not the ids of the weighted tokens"
    starts = ends - lengths
    firsts = starts[lengths > 0]
    if len(firsts) and (weights[firsts] > 0).any():
        yield "weight", "the first token of a row is weighted, which nothing predicts"
    trained = np.add.reduceat(np.append(weights > 0, False), starts) * (lengths > 0)
    if not np.array_equal(trained, _numbers(group, "trained_tokens")):
        yield "count", "`trained_tokens` is not the number of weighted tokens"
    sums = np.add.reduceat(np.append(weights, 0).astype(np.float64), starts) * (lengths > 0)
    if not np.allclose(sums, _numbers(group, "weight_sum"), rtol=_SUM_TOLERANCE):
        yield "count", "`weight_sum` is not the sum of the weights"
    if manifest.packed:
        yield from _pack_faults(group, ends)
    if manifest.media is not None:
        info = manifest.media
        yield from media_faults(group, ids, weights, ends, info.token_ids, info.patches_per_token)
    column = group["ids"].combine_chunks().flatten() if manifest.packed else group["id"]
    names = column.to_pylist()
    for name, new in zip(names, seen.add_all(names), strict=True):
        if not new:
            yield "duplicate_id", f"the id {name} occurs again"


def _pack_faults(group: pa.Table, ends: npt.NDArray[np.int64]) -> Iterator[tuple[str, str]]:
    positions, position_ends = _lists(group, "position_ids")
    lengths, members = _lists(group, "seq_lengths")
    _, id_members = _lists(group, "ids")
    sequence_ends = np.cumsum(lengths, dtype=np.int64)
    if not np.array_equal(members, id_members):
        yield "lengths", "`ids` and `seq_lengths` differ in length"
    if not (
        np.array_equal(ends, position_ends)
        and np.array_equal(np.append(0, sequence_ends)[members], ends)
    ):
        yield "lengths", "`seq_lengths` do not add up to the rows"
        return
    starts = sequence_ends - lengths
    if not np.array_equal(positions, np.arange(len(positions)) - np.repeat(starts, lengths)):
        yield "positions", "`position_ids` do not begin anew with each sequence"


def _lists(group: pa.Table, name: str) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """The values of a column of lists, and where each list ends among them."""
    column = group[name].combine_chunks()
    values = column.flatten()
    lengths = column.value_lengths().to_numpy(zero_copy_only=False)
    flat = values if pa.types.is_string(values.type) else values.to_numpy()
    return flat, np.cumsum(lengths, dtype=np.int64)


def _numbers(group: pa.Table, name: str) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = group[name].to_numpy()
    return values
