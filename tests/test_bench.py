"""The bench on a few rows: every part of it runs, and stands on its page."""

from __future__ import annotations

from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"


def test_every_part_is_measured_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    import comparison
    import environments
    import run
    import speed
    import table

    def cannot(peer: environments.Peer, directory: Path) -> Path:
        raise environments.CannotInstallError("no index")

    monkeypatch.setattr(comparison, "python_of", cannot)
    for module in (speed, run):
        monkeypatch.setattr(module, "reference", lambda name: None)
    scale = run.Scale(runs=1, speed_rows=12, peer_rows=12, sizes={12: 1}, reading_rows=50)
    parts = run._parts(tmp_path, scale, tmp_path)
    results = {name: measure() for name, measure in parts.items()}
    page = table.table({"date": "2026-01-01", "quick": True, "machine": run._machine(), **results})

    assert page.count("\n## ") == len(results) == 5
    for figures in (*results["speed"][:-2], results["comparison"], *results["sizes"]):
        assert f"{figures['tokens']:,}" in page
    assert page.count("Not measured: tau-bench") == 2
    for peer in environments.PEERS:
        assert f"Not measured: {peer.name} cannot be installed: no index" in page


@pytest.mark.parametrize(
    ("errors", "line"),
    [
        ("", "no message"),
        (
            "WARNING: a\nERROR: No matching distribution\nWARNING: b",
            "ERROR: No matching distribution",
        ),
        ("Traceback\n  File x\nOSError: cannot open /root/lib/a.so", "OSError: cannot open a.so"),
        ("ERROR: not at https://index.example/simple", "ERROR: not at"),
    ],
)
def test_a_failure_is_told_in_one_line_without_places(
    errors: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    from environments import last_line

    assert last_line(errors) == line
