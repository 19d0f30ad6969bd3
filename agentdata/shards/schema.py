"""The columns of a shard."""

from __future__ import annotations

import pyarrow as pa

COLUMNS = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("input_ids", pa.list_(pa.int32())),
        # -100 where the weight is 0; not shifted: the trainer shifts.
        ("labels", pa.list_(pa.int32())),
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
IGNORE_INDEX = -100
