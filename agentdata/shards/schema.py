"""The columns of a shard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

IGNORE_INDEX = -100
LABELS = "labels"
COLUMNS = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("input_ids", pa.list_(pa.int32())),
        # -100 where the weight is 0; not shifted: the trainer shifts.
        (LABELS, pa.list_(pa.int32())),
        ("loss_weights", pa.list_(pa.float32())),
        ("length", pa.int32()),
        ("trained_tokens", pa.int32()),
        ("weight_sum", pa.float32()),
    ]
)
PACKED_COLUMNS = pa.schema(
    [
        *COLUMNS,
        ("ids", pa.list_(pa.string())),
        ("seq_lengths", pa.list_(pa.int32())),
        ("position_ids", pa.list_(pa.int32())),
    ]
)
GRIDS = "image_grid_thw"
_ITEMS = pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
MEDIA_COLUMNS = pa.schema(
    [
        # As the feature Image of Hugging Face datasets: bytes, or null and a path.
        ("images", _ITEMS),
        # (times, rows, columns) of each image in patches, as image processors return it.
        (GRIDS, pa.list_(pa.list_(pa.int32()))),
        # How many of the tokens that stand for images belong to each.
        ("image_tokens", pa.list_(pa.int32())),
        ("videos", _ITEMS),
        ("video_tokens", pa.list_(pa.int32())),
        ("audios", _ITEMS),
        ("audio_tokens", pa.list_(pa.int32())),
    ]
)
"""Columns of shards that hold media: items in the order of the tokens that stand for them."""


def schema_of(*, packed: bool, media: bool) -> pa.Schema:
    """The columns of the shards of a directory."""
    fields = PACKED_COLUMNS if packed else COLUMNS
    return pa.schema([*fields, *MEDIA_COLUMNS]) if media else fields


def unlabelled(schema: pa.Schema) -> pa.Schema:
    """The columns of rows on their way to a shard: labels follow from ids and weights."""
    return schema.remove(schema.get_field_index(LABELS))


def labels_of(rows: pa.RecordBatch) -> pa.ListArray:
    """The labels of rows that have ids and weights."""
    lists = rows["input_ids"]
    ids, weights = numbers(lists.flatten()), numbers(rows["loss_weights"].flatten())
    ends = numbers(lists.offsets)
    labels = np.where(weights > 0, ids, np.int32(IGNORE_INDEX))
    return pa.ListArray.from_arrays(column(ends - ends[0]), column(labels))


def column(values: npt.NDArray[Any]) -> pa.Array:
    """Numbers as a column without nulls; `pa.array` would import pandas, which takes long."""
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)]
    )


def numbers(values: pa.Array) -> npt.NDArray[Any]:
    """A column of numbers without nulls, as it is in memory; `to_numpy` would import pandas."""
    return np.from_dlpack(values)


def text_column(texts: Sequence[str]) -> pa.Array:
    """Texts as a column without nulls, as `column` makes one of numbers."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(
        len(encoded), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))
    )
