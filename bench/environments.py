"""A scratch environment for each peer, made from the package index when it is first wanted."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# What `agentdata` itself is built with: other builds of torch bring a GPU's libraries.
CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"


@dataclass(frozen=True)
class Peer:
    """A library that tokenizes conversations, what to install for it, and its script."""

    name: str
    packages: tuple[str, ...]
    script: str


PEERS = (
    Peer("trl", ("trl", "jinja2", "torch"), "trl_rows.py"),
    Peer("llamafactory", ("llamafactory", "torch"), "llamafactory_rows.py"),
    Peer("ms-swift", ("ms-swift", "torch"), "swift_rows.py"),
)


class CannotInstallError(Exception):
    """Why there is no environment, in one line."""


def python_of(peer: Peer, directory: Path) -> Path:
    """The interpreter of the peer's environment below `directory`. Raises CannotInstallError."""
    place = directory / peer.name
    python, done = place / "bin/python", place / ".installed"
    if done.exists():
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "-c", str(CONSTRAINTS)]
    installed = subprocess.run(
        [*command, *peer.packages], capture_output=True, text=True, check=False
    )
    if installed.returncode:
        last = (installed.stderr.strip() or "pip failed").splitlines()[-1]
        raise CannotInstallError(f"pip: {last}")
    done.touch()
    return python
