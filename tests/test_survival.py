"""A compile that is ended goes on and gives the same bytes: a short form of `make soak`."""

from __future__ import annotations

import random

import pytest
from soak import FAULTS, NEED_ROOT, Site, kill, resumed


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Site]:
    """By number of workers."""
    folder = tmp_path_factory.mktemp("sites")
    made = {n: Site(folder / str(n), ["--workers", str(n)]) for n in (1, 2)}
    for site in made.values():
        site.prepare()
    return made


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("phase", ["half of the tasks", "last task"])
def test_ended_in_a_phase_and_taken_up_again(
    sites: dict[int, Site], workers: int, phase: str
) -> None:
    site = sites[workers]
    out = site.folder / phase
    assert kill(site, out, random.Random(phase), phase) is None
    assert resumed(site, out) is None


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in NEED_ROOT])
def test_a_fault_is_one_line_and_the_next_run_goes_on(sites: dict[int, Site], name: str) -> None:
    site = sites[1]
    out = site.folder / name
    assert FAULTS[name](site, out) is None
    assert resumed(site, out) is None
