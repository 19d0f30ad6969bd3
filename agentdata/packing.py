"""Best-fit packing of rows into packs of at most a given length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence


def pack(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Packs of row numbers by best-fit decreasing; each pack's lengths sum to at most `capacity`.

    Rows within a pack, and packs by their first row, keep the order of the input. Lengths above
    `capacity` raise ValueError. Cost: O(n log n), and O(capacity / 64) per row to find a place.

    >>> pack([3, 5, 4, 2], 7)
    [[0, 2], [1, 3]]
    """
    if max(lengths, default=0) > capacity:
        raise ValueError("a row is longer than a pack")
    packs: list[list[int]] = []
    # Open packs by the room left in them; the bits of `rooms` say which rooms occur, so that the
    # smallest room that suffices is one shift away.
    by_room: defaultdict[int, list[int]] = defaultdict(list)
    rooms = 0
    for row in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        length = lengths[row]
        fitting = rooms >> length
        if fitting:
            room = length + (fitting & -fitting).bit_length() - 1
            number = by_room[room].pop()
            if not by_room[room]:
                rooms &= ~(1 << room)
        else:
            room, number = capacity, len(packs)
            packs.append([])
        packs[number].append(row)
        left = room - length
        if left:
            by_room[left].append(number)
            rooms |= 1 << left
    return sorted(sorted(rows) for rows in packs)
