"""A scratch environment for each peer, made from the package index when it is first wanted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# What `agentdata` itself is built with: other builds of torch bring a GPU's libraries.
CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"


@dataclass(frozen=True)
class Peer:
    """A library that tokenizes conversations, what to install for it, and its script.

    `alone` is installed after `packages`, without what it asks for; then the files `unwanted`
    (globs below site-packages) are taken away.
    """

    name: str
    script: str
    packages: tuple[str, ...]
    alone: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    @property
    def recipe(self) -> str:
        """All that its environment depends on."""
        parts = (*self.packages, "", *self.alone, "", *self.unwanted)
        return "\n".join([sys.version, CONSTRAINTS.read_text("utf-8"), *parts])


PEERS = (
    Peer("trl", "trl_rows.py", ("trl==1.16.0", "torch")),
    Peer("ms-swift", "swift_rows.py", ("ms-swift==4.6.0", "torch")),
    Peer(
        "llamafactory",
        "llamafactory_rows.py",
        # What its rooms for data import, in the versions that it asks for. The web page and
        # torchvision, whose published build does not go with a torch without CUDA, are left out.
        (
            *("torch", "transformers==5.6.0", "datasets==4.0.0", "accelerate==1.11.0"),
            *("peft==0.18.1", "trl==0.24.0", "omegaconf", "pillow"),
        ),
        alone=("llamafactory==0.9.5", "torchaudio==2.11.0"),
        # torchaudio is imported, though nothing here is sound; it does without its compiled part,
        # which is linked against CUDA.
        unwanted=("torchaudio/lib/_torchaudio*.so",),
    ),
)


class CannotInstallError(Exception):
    """Why there is no environment, in one line."""


def cache_directory() -> Path:
    """Where the environments are kept: the user's folder for what can be made again."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "agentdata-bench"


def python_of(peer: Peer, directory: Path) -> Path:
    """The interpreter of the peer's environment below `directory`. Raises CannotInstallError."""
    place = directory / peer.name
    python, done = place / "bin/python", place / ".installed"
    if done.exists() and done.read_text("utf-8") == peer.recipe:
        return python
    print(f"bench: installing {peer.name} in {place}", file=sys.stderr)
    _run([sys.executable, "-m", "venv", "--clear", str(place)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "-c", str(CONSTRAINTS)]
    _run([*pip, *peer.packages])
    if peer.alone:
        _run([*pip, "--no-deps", *peer.alone])
    for pattern in peer.unwanted:
        for path in place.glob(f"lib/python*/site-packages/{pattern}"):
            path.unlink()
    done.write_text(peer.recipe, "utf-8")
    return python


def _run(command: list[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise CannotInstallError(last_line(ended.stderr))


def last_line(errors: str) -> str:
    """The line of a failed command that says most, without the places of this machine."""
    lines = [line for line in errors.splitlines() if line.strip()] or ["no message"]
    said = [line for line in lines if line.startswith("ERROR")] or lines
    return re.sub(r"\S*://\S+|(?<!\w)/[\w./-]+/", "", said[-1]).strip()
