"""Packing: no pack too long, every row once, and hardly any room left."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agentdata.packing import pack

LENGTHS = st.lists(st.integers(1, 50), max_size=200)
CAPACITIES = st.integers(50, 200)


@settings(max_examples=200)
@given(LENGTHS, CAPACITIES)
def test_packs_hold_every_row_once_and_never_too_much(lengths: list[int], capacity: int) -> None:
    packs = pack(lengths, capacity)
    assert sorted(row for rows in packs for row in rows) == list(range(len(lengths)))
    assert all(sum(lengths[row] for row in rows) <= capacity for rows in packs)


@given(LENGTHS, CAPACITIES)
def test_no_two_packs_could_have_been_one(lengths: list[int], capacity: int) -> None:
    loads = sorted(sum(lengths[row] for row in rows) for rows in pack(lengths, capacity))
    assert len(loads) < 2 or loads[0] + loads[1] > capacity


@given(LENGTHS, CAPACITIES)
def test_packs_depend_on_lengths_alone(lengths: list[int], capacity: int) -> None:
    assert pack(lengths, capacity) == pack(np.array(lengths, np.int32).tolist(), capacity)
    packs = pack(lengths, capacity)
    assert all(rows == sorted(rows) for rows in packs) and packs == sorted(packs)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=8), st.integers(12, 24))
def test_few_rows_need_no_more_packs_than_the_bound(lengths: list[int], capacity: int) -> None:
    # Best-fit decreasing needs at most 11/9 of the optimum and a constant (Johnson 1974).
    assert len(pack(lengths, capacity)) <= 11 / 9 * fewest(lengths, capacity) + 6 / 9


def fewest(lengths: list[int], capacity: int) -> int:
    """The fewest packs there can be, by trying every way."""
    best = len(lengths)

    def place(row: int, rooms: tuple[int, ...]) -> None:
        nonlocal best
        if len(rooms) >= best:
            return
        if row == len(lengths):
            best = len(rooms)
            return
        for number in range(len(rooms)):
            if rooms[number] >= lengths[row]:
                changed = rooms[number] - lengths[row]
                place(row + 1, (*rooms[:number], changed, *rooms[number + 1 :]))
        place(row + 1, (*rooms, capacity - lengths[row]))

    place(0, ())
    return best


def test_packs_are_full() -> None:
    for seed in range(3):
        random = np.random.default_rng(seed)
        lengths = random.lognormal(np.log(900), 0.7, 14_000).astype(int).clip(1, 8192)
        packs = pack(lengths.tolist(), 8192)
        assert lengths.sum() / (len(packs) * 8192) >= 0.999
