"""Ids that occur once: what came before is told by 8 bytes an id."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from agentdata.shards.schema import text_column

DUPLICATE_ID = "duplicate_id"
"""Warning: an id had occurred before, so a number was put behind it."""
_RECENT = 1 << 16


class Seen:
    """Which ids have occurred, by hash: a false alarm (1 in 10^6 at 6 million ids) costs an id a
    number that it did not need, and the same one each time."""

    def __init__(self) -> None:
        self._old: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
        self._recent: set[int] = set()

    def add_all(self, texts: Sequence[str]) -> Iterator[bool]:
        """Whether each id is new as its turn comes; from then on it is not."""
        if len(self._recent) >= _RECENT:
            recent = np.fromiter(self._recent, np.uint64, len(self._recent))
            self._old = np.sort(np.concatenate([self._old, recent]))
            self._recent.clear()
        keys = _keys(texts)
        for key, old in zip(keys.tolist(), self._are_old(keys).tolist(), strict=True):
            yield not old and self._is_new(key)

    def add(self, text: str) -> bool:
        """Whether an id is new between those of `add_all`; from now on it is not."""
        keys = _keys([text])
        return not self._are_old(keys)[0] and self._is_new(int(keys[0]))

    def _is_new(self, key: int) -> bool:
        before = len(self._recent)
        self._recent.add(key)
        return len(self._recent) > before

    def _are_old(self, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        if not len(self._old):
            return np.zeros(len(keys), np.bool_)
        places = np.searchsorted(self._old, keys).clip(max=len(self._old) - 1)
        old: npt.NDArray[np.bool_] = self._old[places] == keys
        return old


def _keys(texts: Sequence[str]) -> npt.NDArray[np.uint64]:
    digests = [
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        for text in texts
    ]
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)


class UniqueIds:
    """Puts `~2`, `~3`, ... behind ids that occur again, in the order in which rows pass."""

    def __init__(self) -> None:
        self._seen = Seen()
        self._next: dict[str, int] = {}
        self.renamed: Counter[str] = Counter()
        """Rows that got another id, by source."""

    def pass_through(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches with unique ids in their column `id`."""
        for batch in batches:
            ids = batch["id"].to_pylist()
            changed = False
            for number, new in enumerate(self._seen.add_all(ids)):
                if not new:
                    ids[number] = self._another(ids[number])
                    self.renamed[batch["source"][number].as_py()] += 1
                    changed = True
            if changed:
                place = batch.schema.get_field_index("id")
                batch = batch.set_column(place, "id", text_column(ids))
            yield batch

    def _another(self, name: str) -> str:
        number = self._next.get(name, 2)
        while not self._seen.add(candidate := f"{name}~{number}"):
            number += 1
        self._next[name] = number + 1
        return candidate
