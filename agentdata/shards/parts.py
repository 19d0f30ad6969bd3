"""Part files: the examples of one unit of work, as Arrow streams, until shards are made of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from agentdata.shards.media import RowMedia, media_arrays
from agentdata.shards.schema import column, schema_of, text_column, unlabelled

_FLUSH_TOKENS = 1 << 20
_FLUSH_BYTES = 64 << 20
"""So many bytes of media that rows hold are written at once."""


class Row(Protocol):
    """What a part file needs of an example."""

    @property
    def id(self) -> str: ...
    @property
    def input_ids(self) -> npt.NDArray[np.int32]: ...
    @property
    def loss_weights(self) -> npt.NDArray[np.float32]: ...
    @property
    def trained(self) -> int: ...
    @property
    def media(self) -> RowMedia | None: ...


class PartWriter:
    """Writes examples to one part file, with the columns of media if `media` says so; use as a
    context manager. No rows, no file."""

    def __init__(self, path: Path, *, media: bool = False) -> None:
        self._path = path
        self._media = media
        self._bytes = 0
        self._rows: list[Row] = []
        self._sources: list[str] = []
        self._tokens = 0
        self._sink: pa.ipc.RecordBatchFileWriter | None = None

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._flush()
        if self._sink is not None:
            self._sink.close()

    def add(self, row: Row, source: str) -> None:
        self._rows.append(row)
        self._sources.append(source)
        self._tokens += len(row.input_ids)
        if row.media is not None:
            self._bytes += sum(len(item.data) for item in row.media.items if item.data)
        if self._tokens >= _FLUSH_TOKENS or self._bytes >= _FLUSH_BYTES:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._sink is None:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            schema = unlabelled(schema_of(packed=False, media=self._media))
            self._sink = pa.ipc.new_file(self._path, schema, options=options)
        self._sink.write_batch(record_batch(self._rows, self._sources, media=self._media))
        self._rows, self._sources, self._tokens, self._bytes = [], [], 0, 0


def record_batch(rows: list[Row], sources: list[str], *, media: bool = False) -> pa.RecordBatch:
    """The rows in the columns of a shard but for labels."""
    lengths = np.array([len(row.input_ids) for row in rows], np.int32)
    ends = np.cumsum([0, *lengths], dtype=np.int32)
    offsets = column(ends)
    ids = np.concatenate([row.input_ids for row in rows])
    weights = np.concatenate([row.loss_weights for row in rows])
    trained = np.array([row.trained for row in rows], np.int32)
    return pa.record_batch(
        [
            text_column([row.id for row in rows]),
            text_column(sources),
            pa.ListArray.from_arrays(offsets, column(ids)),
            pa.ListArray.from_arrays(offsets, column(weights)),
            column(lengths),
            column(trained),
            column(np.add.reduceat(weights.astype(np.float64), ends[:-1]).astype(np.float32)),
            *(media_arrays([row.media for row in rows]) if media else ()),
        ],
        schema=unlabelled(schema_of(packed=False, media=media)),
    )


def read_part(path: Path) -> Iterator[pa.RecordBatch]:
    """The record batches of a part file; none where there is no file."""
    if not path.exists():
        return
    with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)
