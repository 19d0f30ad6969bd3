"""Rows put behind one another into packs, window by window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from agentdata.packing import pack
from agentdata.shards.media import has_media, media_bytes
from agentdata.shards.schema import (
    MEDIA_COLUMNS,
    column,
    numbers,
    schema_of,
    text_column,
    unlabelled,
)

WINDOW_TOKENS = 1 << 24
WINDOW_BYTES = 1 << 28


def packed(
    batches: Iterable[pa.RecordBatch], capacity: int, merged: Counter[str]
) -> Iterator[pa.RecordBatch]:
    """The rows of `batches`, packed to at most `capacity` tokens each.

    `merged` counts, by source, the rows that were put behind another one. Packing looks at
    windows of some 16 M tokens and 256 MB of media: memory stays bounded, and a window is large
    enough to fill.
    """
    window: list[pa.RecordBatch] = []
    tokens = held = 0
    for batch in batches:
        window.append(batch)
        tokens += len(batch["input_ids"].flatten())
        held += media_bytes(batch)
        if tokens >= WINDOW_TOKENS or held >= WINDOW_BYTES:
            yield _pack_window(window, capacity, merged)
            window, tokens, held = [], 0, 0
    if window:
        yield _pack_window(window, capacity, merged)


def _pack_window(
    window: list[pa.RecordBatch], capacity: int, merged: Counter[str]
) -> pa.RecordBatch:
    rows = pa.Table.from_batches(window).combine_chunks().to_batches()[0]
    packs = pack(rows["length"].to_pylist(), capacity)
    order = np.concatenate([np.array(one, np.int64) for one in packs])
    sorted_rows = rows.take(column(order))
    counts = np.array([len(one) for one in packs], np.int64)
    row_ends = np.cumsum(counts)
    row_starts = row_ends - counts
    sources = sorted_rows["source"].to_pylist()
    for start, end in zip(row_starts.tolist(), row_ends.tolist(), strict=True):
        merged.update(sources[start + 1 : end])
    ordered = numbers(sorted_rows["length"])
    token_ends = np.concatenate([[0], np.cumsum(ordered, dtype=np.int64)])
    offsets = column(token_ends[np.concatenate([[0], row_ends])].astype(np.int32))
    members = column(np.concatenate([[0], row_ends]).astype(np.int32))
    positions = np.arange(token_ends[-1], dtype=np.int64) - np.repeat(token_ends[:-1], ordered)
    ids = sorted_rows["id"]
    columns = {
        "id": ids.take(column(row_starts)),
        "source": text_column(
            [
                ",".join(dict.fromkeys(sources[a:b]))
                for a, b in zip(row_starts.tolist(), row_ends.tolist(), strict=True)
            ]
        ),
        **{
            name: pa.ListArray.from_arrays(offsets, sorted_rows[name].flatten())
            for name in ("input_ids", "loss_weights")
        },
        "length": column(np.add.reduceat(ordered, row_starts).astype(np.int32)),
        "trained_tokens": column(
            np.add.reduceat(numbers(sorted_rows["trained_tokens"]), row_starts).astype(np.int32)
        ),
        "weight_sum": column(
            np.add.reduceat(numbers(sorted_rows["weight_sum"]), row_starts).astype(np.float32)
        ),
        "ids": pa.ListArray.from_arrays(members, ids),
        "seq_lengths": pa.ListArray.from_arrays(members, column(ordered.astype(np.int32))),
        "position_ids": pa.ListArray.from_arrays(offsets, column(positions.astype(np.int32))),
    }
    media = has_media(sorted_rows.schema)
    schema = unlabelled(schema_of(packed=True, media=media))
    for name in MEDIA_COLUMNS.names if media else ():
        # Lists of the rows of a pack, one behind the other.
        items = sorted_rows[name]
        places = np.concatenate([[0], np.cumsum(numbers(items.value_lengths()))])
        joints = column(places[np.concatenate([[0], row_ends])].astype(np.int32))
        columns[name] = pa.ListArray.from_arrays(joints, items.flatten())
    return pa.record_batch([columns[name] for name in schema.names], schema=schema)
