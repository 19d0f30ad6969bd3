"""Record batches to shard files of a given size, named as Hugging Face datasets expects."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agentdata.shards.manifest import Shard
from agentdata.shards.media import media_bytes
from agentdata.shards.schema import LABELS, labels_of

ROW_GROUP_TOKENS = 1 << 19
# An id, a label and a weight.
TOKEN_BYTES = 12
ROW_GROUP_BYTES = 64 << 20
"""So many bytes of media make a row group, whatever its tokens."""


class ShardWriter:
    """Writes the shards of one split under temporary names; `finish` gives them their own. Use as a
    context manager: what ends the writing early closes the file that is open.

    A shard is closed once it holds `shard_size` bytes of tensors (12 bytes a token, before
    compression) and media, so the cut depends on the rows alone.
    """

    def __init__(
        self, directory: Path, split: str, schema: pa.Schema, container: str, shard_size: int
    ) -> None:
        self._directory = directory
        self._split = split
        self._schema = schema
        self._container = container
        self._shard_size = shard_size
        self._group_tokens = max(1, min(ROW_GROUP_TOKENS, shard_size // TOKEN_BYTES))
        self._done: list[tuple[Path, Shard]] = []
        self._sink: pq.ParquetWriter | pa.ipc.RecordBatchFileWriter | None = None
        self._path = directory
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_tokens = self._waiting_bytes = 0
        self._group_bytes = max(1, min(ROW_GROUP_BYTES, shard_size))
        self._media_bytes = 0
        self._rows = self._tokens = self._trained = 0
        self._weight_sum = 0.0

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._sink is not None:
            # The end of a file is written to it, which must not hide why the writing ended.
            with suppress(OSError):
                self._sink.close()
            self._sink = None

    def write(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Append rows, in the columns of the schema but for labels."""
        for batch in batches:
            for piece in _pieces(_labelled(batch, self._schema), self._group_tokens):
                self._waiting.append(piece)
                self._waiting_tokens += _sum(piece, "length")
                self._waiting_bytes += media_bytes(piece)
                if (
                    self._waiting_tokens >= self._group_tokens
                    or self._waiting_bytes >= self._group_bytes
                ):
                    self._flush()

    def finish(self) -> list[Shard]:
        """Close the last shard and name them all; the shards, in order."""
        self._flush()
        self._close()
        total = len(self._done)
        shards = []
        for number, (path, shard) in enumerate(self._done):
            name = f"{self._split}-{number:05d}-of-{total:05d}.{self._container}"
            path.rename(self._directory / name)
            shards.append(shard.model_copy(update={"path": f"data/{name}"}))
        return shards

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = pa.Table.from_batches(self._waiting, self._schema).combine_chunks()
        if self._sink is None:
            self._open()
        if isinstance(self._sink, pq.ParquetWriter):
            self._sink.write_table(table, row_group_size=max(table.num_rows, 1))
        else:
            assert self._sink is not None
            self._sink.write_table(table, max_chunksize=max(table.num_rows, 1))
        self._rows += table.num_rows
        self._tokens += _sum(table, "length")
        self._trained += _sum(table, "trained_tokens")
        # Sums of float32 in float64: the same whatever the size of the batches.
        self._weight_sum += float(pc.sum(pc.cast(table["weight_sum"], pa.float64())).as_py() or 0)
        self._media_bytes += self._waiting_bytes
        self._waiting, self._waiting_tokens, self._waiting_bytes = [], 0, 0
        if self._tokens * TOKEN_BYTES + self._media_bytes >= self._shard_size:
            self._close()

    def _open(self) -> None:
        self._path = self._directory / f".{self._split}-{len(self._done):05d}.tmp"
        if self._container == "parquet":
            self._sink = pq.ParquetWriter(
                self._path, self._schema, compression="zstd", use_dictionary=["source"]
            )
        else:
            self._sink = pa.ipc.new_file(self._path, self._schema)

    def _close(self) -> None:
        if self._sink is None:
            return
        self._sink.close()
        self._sink = None
        shard = Shard(
            path=self._path.name,
            split=self._split,
            rows=self._rows,
            tokens=self._tokens,
            trained_tokens=self._trained,
            weight_sum=self._weight_sum,
            bytes=self._path.stat().st_size,
            sha256=_synced_sha256(self._path),
        )
        self._done.append((self._path, shard))
        self._rows = self._tokens = self._trained = self._media_bytes = 0
        self._weight_sum = 0.0


def _labelled(rows: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [labels_of(rows) if name == LABELS else rows[name] for name in schema.names]
    return pa.record_batch(columns, schema=schema)


def _pieces(batch: pa.RecordBatch, most_tokens: int) -> Iterable[pa.RecordBatch]:
    """A batch in pieces of a row group each at most, but never less than a row."""
    start = tokens = 0
    for row, length in enumerate(batch["length"].to_pylist()):
        if tokens and tokens + length > most_tokens:
            yield batch.slice(start, row - start)
            start, tokens = row, 0
        tokens += length
    if batch.num_rows > start:
        yield batch.slice(start)


def _sum(rows: pa.RecordBatch | pa.Table, column: str) -> int:
    return int(pc.sum(rows[column]).as_py() or 0)


def _synced_sha256(path: Path) -> str:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()
