"""Rows of a compiled directory by number, decoded when they are asked for."""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, SupportsIndex

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from agentdata.errors import AgentDataError, UsageError
from agentdata.shards.manifest import Manifest, Shard, load_manifest
from agentdata.shards.schema import GRIDS, schema_of

Row = dict[str, Any]
CACHE_BYTES = 512 << 20
_MAPPED_GROUP_BYTES = 16 << 10
"""What a group of a mapped file takes beside the file's pages: views and Python objects."""
_PER_TOKEN = {"input_ids", "labels", "loss_weights", "position_ids"}
_ROW_BYTES = 512
"""A generous estimate of what a decoded row takes beside its tokens."""


class ShardDataset:
    """The rows of one split, map-style: `len(ds)`, `ds[i]`, iteration; usable as a torch dataset.

    A row is a dict: `id` and `source` str, `input_ids` and `labels` int32[n], `loss_weights`
    float32[n], `length` and `trained_tokens` int, `weight_sum` float; rows of a packed directory
    add `ids` list[str], `seq_lengths` int32[k] and `position_ids` int32[n]. Where rows have media:
    `images`, `videos`, `audios` lists of {"bytes", "path"}, `image_grid_thw` int32[k, 3],
    `image_tokens`, `video_tokens`, `audio_tokens` int32[k]. Arrays are read-only
    views; labels and weights are not shifted: those at i belong to predicting token i from the
    tokens before it.

    `columns` are those wanted in a row, all without it; what is not named is not decoded.

    At most `cache_bytes` of decoded row groups are kept (never less than one group). Arrow shards
    are memory-mapped: their rows are views of the file, in any order at the same speed. Of Parquet
    shards whole row groups are decoded, so read them in the order of a `ShardSampler`.

    Raises UsageError `unknown_split`, `unknown_column`; AgentDataError `not_found`,
    `not_finished`, `bad_manifest`, and `damaged_shard` where a file is missing, or its size, rows
    or columns are not those of the manifest. File contents are not hashed here: that is what
    `agentdata verify` does.
    """

    def __init__(
        self,
        directory: str | Path,
        split: str = "train",
        *,
        columns: Collection[str] | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.directory = Path(directory)
        self.split = split
        self.cache_bytes = cache_bytes
        self.manifest: Manifest = load_manifest(self.directory)
        self.columns = _fields(self.manifest, columns)
        shards = [shard for shard in self.manifest.shards if shard.split == split]
        if not shards:
            raise _unknown_split(self.directory, split, self.manifest)
        self._files = [open_shard(self.directory, shard, self.manifest) for shard in shards]
        self._groups = [
            (file, group) for file in self._files for group in range(len(file.group_rows))
        ]
        sizes = [rows for file in self._files for rows in file.group_rows]
        self.group_starts: npt.NDArray[np.int64] = np.cumsum([0, *sizes], dtype=np.int64)
        self._starts: list[int] = self.group_starts.tolist()
        self._cache: OrderedDict[int, _Group] = OrderedDict()
        self._cached_bytes = 0

    @property
    def packed(self) -> bool:
        """Whether a row holds several sequences, told apart by `seq_lengths`."""
        return self.manifest.packed

    @property
    def group_bytes(self) -> npt.NDArray[np.int64]:
        """int64[row groups]: memory each takes when decoded, at most; 0 where files are mapped."""
        ends = np.concatenate(([0], np.cumsum(self.lengths, dtype=np.int64)))
        tokens = np.diff(ends[self.group_starts])
        rows = np.diff(self.group_starts)
        per_token = 4 * len(_PER_TOKEN & set(self.columns.names))
        decoded = np.array([not file.mapped for file, _ in self._groups])
        return np.where(decoded, tokens * per_token + rows * _ROW_BYTES, 0)

    @cached_property
    def lengths(self) -> npt.NDArray[np.int32]:
        """int32[rows], in tokens, read without decoding any tokens."""
        return self._scalars("length", np.int32)

    @cached_property
    def trained_tokens(self) -> npt.NDArray[np.int32]:
        """int32[rows]: tokens with a weight above 0, read without decoding any tokens."""
        return self._scalars("trained_tokens", np.int32)

    @cached_property
    def weight_sum(self) -> npt.NDArray[np.float32]:
        """float32[rows]: sum of the weights, read without decoding any tokens."""
        return self._scalars("weight_sum", np.float32)

    @cached_property
    def longest_sequence(self) -> int:
        """Tokens of the longest sequence: of the longest row, or within packed rows."""
        if not self.packed:
            return int(self.lengths.max(initial=0))
        longest = 0
        for file in self._files:
            for column in file.column("seq_lengths").chunks:
                longest = max(longest, int(_numpy(column.flatten()).max(initial=0)))
        return longest

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, index: SupportsIndex) -> Row:
        position = operator.index(index)
        if position < 0:
            position += len(self)
        if not 0 <= position < len(self):
            raise IndexError(f"row {operator.index(index)} of {len(self)}")
        number = bisect_right(self._starts, position) - 1
        return self._group(number).row(position - self._starts[number])

    def __getitems__(self, indices: Sequence[int]) -> list[Row]:
        """The rows, in the order asked for; what torch's DataLoader fetches a batch with.

        Rows of one group are read together, so that it is decoded once.
        """
        rows: list[Row] = [{}] * len(indices)
        for place in sorted(range(len(indices)), key=indices.__getitem__):
            rows[place] = self[indices[place]]
        return rows

    def __iter__(self) -> Iterator[Row]:
        return (self[index] for index in range(len(self)))

    def __reduce__(self) -> tuple[object, ...]:
        # Worker processes open the files for themselves.
        return (_reopen, (self.directory, self.split, tuple(self.columns.names), self.cache_bytes))

    def _scalars(self, name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        parts = [_numpy(chunk) for file in self._files for chunk in file.column(name).chunks]
        return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype, copy=False)

    def _group(self, number: int) -> _Group:
        group = self._cache.get(number)
        if group is None:
            file, index = self._groups[number]
            group = _decode(file.read(index, self.columns.names), self.columns, file.mapped)
            self._cache[number] = group
            self._cached_bytes += group.bytes
            while self._cached_bytes > self.cache_bytes and len(self._cache) > 1:
                self._cached_bytes -= self._cache.popitem(last=False)[1].bytes
        self._cache.move_to_end(number)
        return group


class ShardFile(Protocol):
    """One shard: groups of rows that are decoded together."""

    group_rows: list[int]
    mapped: bool
    """Whether what is read are views of the file, and not memory of their own."""

    def read(self, group: int, columns: list[str] | None = None) -> pa.Table: ...
    def column(self, name: str) -> pa.ChunkedArray: ...


class _ParquetFile:
    mapped = False

    def __init__(self, path: Path) -> None:
        self.path = path
        with _damage(path):
            self._file = pq.ParquetFile(path, memory_map=True)
            metadata = self._file.metadata
            self.schema: pa.Schema = self._file.schema_arrow
            self.group_rows = [
                metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)
            ]

    def read(self, group: int, columns: list[str] | None = None) -> pa.Table:
        with _damage(self.path):
            return self._file.read_row_group(group, columns=columns)

    def column(self, name: str) -> pa.ChunkedArray:
        with _damage(self.path):
            return self._file.read(columns=[name]).column(0)


class _ArrowFile:
    mapped = True

    def __init__(self, path: Path) -> None:
        self.path = path
        with _damage(path):
            self._source = pa.memory_map(str(path))
            self._file = pa.ipc.open_file(self._source)
            self.schema: pa.Schema = self._file.schema
            self.group_rows = [
                self._file.get_batch(group).num_rows
                for group in range(self._file.num_record_batches)
            ]

    def read(self, group: int, columns: list[str] | None = None) -> pa.Table:
        with _damage(self.path):
            table = pa.Table.from_batches([self._file.get_batch(group)])
            return table if columns is None else table.select(columns)

    def column(self, name: str) -> pa.ChunkedArray:
        with _damage(self.path):
            # Views of whole batches: reading chosen fields would allocate the size of the file.
            batches = (self._file.get_batch(group) for group in range(len(self.group_rows)))
            return pa.chunked_array(
                [batch.column(name) for batch in batches], self.schema.field(name).type
            )


class _damage:
    """Turns what pyarrow says of an unreadable file into the one error of this module."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (pa.ArrowException, OSError)):
            raise _damaged(self.path, f"cannot be read: {error}") from None


@dataclass(frozen=True)
class _Group:
    """The columns of some rows: text and items of media as arrow arrays, numbers as numpy, lists as
    values+offsets."""

    bytes: int
    text: dict[str, pa.Array]
    numbers: dict[str, npt.NDArray[Any]]
    lists: dict[str, tuple[npt.NDArray[Any], npt.NDArray[np.int32]]]

    def row(self, index: int) -> Row:
        row: Row = {name: column[index].as_py() for name, column in self.text.items()}
        if GRIDS in row:
            row[GRIDS] = np.array(row[GRIDS], np.int32).reshape(-1, 3)
        for name, (values, offsets) in self.lists.items():
            row[name] = values[offsets[index] : offsets[index + 1]]
        row.update((name, column[index].item()) for name, column in self.numbers.items())
        return row


def _decode(table: pa.Table, columns: pa.Schema, mapped: bool) -> _Group:
    text: dict[str, pa.Array] = {}
    numbers: dict[str, npt.NDArray[Any]] = {}
    lists: dict[str, tuple[npt.NDArray[Any], npt.NDArray[np.int32]]] = {}
    for field in columns:
        chunks = table.column(field.name)
        column = chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()
        if not pa.types.is_list(field.type):
            target = text if pa.types.is_string(field.type) else numbers
            target[field.name] = column if pa.types.is_string(field.type) else _numpy(column)
        elif not pa.types.is_primitive(field.type.value_type):
            text[field.name] = column
        else:
            lists[field.name] = (_numpy(column.values), _numpy(column.offsets))
    return _Group(_MAPPED_GROUP_BYTES if mapped else table.nbytes, text, numbers, lists)


def _numpy(array: pa.Array) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = array.to_numpy(zero_copy_only=True)
    return values


def open_shard(directory: Path, shard: Shard, manifest: Manifest) -> ShardFile:
    """A shard whose size, rows and columns are those of the manifest.

    Raises AgentDataError `damaged_shard` where they are not.
    """
    path = directory / shard.path
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise _damaged(path, "is missing") from None
    if size != shard.bytes:
        raise _damaged(path, f"has {size} bytes, the manifest says {shard.bytes}")
    file = _ArrowFile(path) if path.suffix == ".arrow" else _ParquetFile(path)
    rows = sum(file.group_rows)
    if rows != shard.rows:
        raise _damaged(path, f"has {rows} rows, the manifest says {shard.rows}")
    for field in schema_of(packed=manifest.packed, media=manifest.media is not None):
        index = file.schema.get_field_index(field.name)
        if index < 0 or file.schema.field(index).type != field.type:
            raise _damaged(path, f"has no column {field.name} of type {field.type}")
    return file


def _damaged(path: Path, what: str) -> AgentDataError:
    return AgentDataError(
        "damaged_shard", f"{path} {what}", remedy="run the same `agentdata compile` again"
    )


def _unknown_split(directory: Path, split: str, manifest: Manifest) -> UsageError:
    splits = sorted({shard.split for shard in manifest.shards})
    known = f"there is {', '.join(splits)}" if splits else "it holds no rows at all"
    return UsageError("unknown_split", f"{directory} has no split {split!r}: {known}")


def _fields(manifest: Manifest, columns: Collection[str] | None) -> pa.Schema:
    known = schema_of(packed=manifest.packed, media=manifest.media is not None)
    if columns is None:
        return known
    for name in columns:
        if name not in known.names:
            raise UsageError(
                "unknown_column",
                f"the shards have no column {name!r}",
                remedy=f"choose among {', '.join(known.names)}",
            )
    return pa.schema([field for field in known if field.name in columns])


def _reopen(
    directory: Path, split: str, columns: tuple[str, ...], cache_bytes: int
) -> ShardDataset:
    return ShardDataset(directory, split, columns=columns, cache_bytes=cache_bytes)
