"""Numbers drawn by a hash: the same whatever the order of rows, the workers and the machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from agentdata.conversation import Conversation


def place_of(key: str) -> float:
    """A number from 0 to 1 by a hash of the key."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def row_key(conversation: Conversation) -> str:
    """What draws for a row depend on: its own id, or its content where it has none."""
    return str(conversation.meta.get("split_key") or conversation.id)


def shuffled(items: Sequence[int], key: str) -> list[int]:
    """The numbers in an order drawn by the key: each goes by its own place.

    >>> shuffled([3, 1, 2], "a") == shuffled([1, 2, 3], "a")
    True
    """
    return sorted(items, key=lambda item: (place_of(f"{key}\0{item}"), item))
