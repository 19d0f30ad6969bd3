"""The columns of shards that hold media: written, added up and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from agentdata.shards.schema import GRIDS, MEDIA_COLUMNS, column

TYPES = ("image", "video", "audio")


class MediaItem(Protocol):
    """What a part file needs of an image, video or audio."""

    @property
    def type(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def data(self) -> bytes | None: ...
    @property
    def grid(self) -> tuple[int, int, int] | None: ...
    @property
    def tokens(self) -> int: ...


class RowMedia(Protocol):
    """The media of an example, in the order of their tokens."""

    @property
    def items(self) -> Sequence[MediaItem]: ...


def media_arrays(rows: Sequence[RowMedia | None]) -> list[pa.Array]:
    """The columns of `MEDIA_COLUMNS` of rows."""
    values: dict[str, list[list[Any]]] = {name: [] for name in MEDIA_COLUMNS.names}
    for row in rows:
        for of_rows in values.values():
            of_rows.append([])
        for item in row.items if row is not None else ():
            values[f"{item.type}s"][-1].append({"bytes": item.data, "path": item.path or None})
            values[f"{item.type}_tokens"][-1].append(item.tokens)
            if item.grid is not None:
                values[GRIDS][-1].append(item.grid)
    return [_lists(values[field.name], field.type) for field in MEDIA_COLUMNS]


def _lists(values: list[list[Any]], of: pa.ListType) -> pa.Array:
    if any(values):
        return pa.array(values, of)
    # Most columns are empty, and `pa.array` would import pandas, which takes long.
    starts = column(np.zeros(len(values) + 1, np.int32))
    return pa.ListArray.from_arrays(starts, pa.nulls(0, of.value_type), type=of)


def has_media(schema: pa.Schema) -> bool:
    """Whether there are the columns of media."""
    return bool(schema.get_field_index(MEDIA_COLUMNS.names[0]) >= 0)


def media_bytes(rows: pa.RecordBatch | pa.Table) -> int:
    """Bytes of the media that rows hold."""
    if not has_media(rows.schema):
        return 0
    total = 0
    for kind in TYPES:
        column = rows[f"{kind}s"]
        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            lengths = pc.binary_length(pc.struct_field(chunk.flatten(), "bytes"))
            total += int(pc.sum(lengths).as_py() or 0)
    return total


def media_faults(
    rows: pa.Table,
    ids: npt.NDArray[np.int32],
    weights: npt.NDArray[np.float32],
    ends: npt.NDArray[np.int64],
    token_ids: Mapping[str, int],
    patches_per_token: int,
) -> Iterator[tuple[str, str]]:
    """(code, message) of what is wrong with the media of rows, whose `ids` and `weights` end at
    `ends`: as many tokens must stand for each type as its items have, and none may weigh."""
    for kind in TYPES:
        items, tokens = rows[f"{kind}s"].combine_chunks(), rows[f"{kind}_tokens"].combine_chunks()
        counts = tokens.value_lengths().to_numpy()
        if not np.array_equal(items.value_lengths().to_numpy(), counts):
            yield "media", f"`{kind}s` and `{kind}_tokens` differ in length"
            continue
        if kind not in token_ids:
            if counts.any():
                yield "media", f"items in `{kind}s`, for which there is no token"
            continue
        stand_in = ids == token_ids[kind]
        if (weights[stand_in] > 0).any():
            yield "weight", f"tokens that stand for {kind} are weighted"
        found = np.diff(np.concatenate([[0], np.cumsum(stand_in)])[ends], prepend=0)
        # A row without media may hold the letters of the token, where the run allowed them.
        has, expected = counts > 0, _row_sums(tokens)
        if not np.array_equal(found[has], expected[has]):
            yield "media", f"other numbers of tokens stand for {kind} than `{kind}_tokens` says"
    yield from _grid_faults(rows, patches_per_token)


def _grid_faults(rows: pa.Table, patches_per_token: int) -> Iterator[tuple[str, str]]:
    grids, tokens = rows[GRIDS].combine_chunks(), rows["image_tokens"].combine_chunks()
    if not grids.value_lengths().equals(tokens.value_lengths()):
        yield "media", "`image_grid_thw` and `image_tokens` differ in length"
        return
    items = grids.flatten()
    if not (items.value_lengths().to_numpy() == 3).all():
        yield "media", "`image_grid_thw` with other than three numbers"
        return
    patches = items.flatten().to_numpy().reshape(-1, 3).astype(np.int64).prod(axis=1)
    if not np.array_equal(patches, tokens.flatten().to_numpy() * np.int64(patches_per_token)):
        yield "media", "`image_grid_thw` is not the number of tokens that stand for the images"


def _row_sums(lists: pa.ListArray) -> npt.NDArray[np.int64]:
    sums = np.concatenate([[0], np.cumsum(lists.flatten().to_numpy(), dtype=np.int64)])
    ends = np.cumsum(lists.value_lengths().to_numpy(), dtype=np.int64)
    return np.diff(sums[ends], prepend=0)
