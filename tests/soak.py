"""Ends compiles at random moments and in every phase, and holds what the next run makes of it to
the bytes of a run that nothing disturbed.

    python tests/soak.py [KILLS] [SEED]

Prints a JSON object: kills, faults, and how many runs were lost. Exits with 1 where one was.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agentdata.errors import AgentDataError
from agentdata.shards.manifest import load_manifest
from agentdata.shards.verify import verify

FILES, ROWS = 8, 60
LIMIT_S = 120
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
CLEAN_END_S = 2.0
"""Ctrl-C and SIGTERM end a run within this time."""


def row(number: int) -> str:
    """A conversation with a call, its result and a reply; every 17th is bad."""
    if number % 17 == 3:
        return json.dumps({"messages": [{"role": "pilot", "content": str(number)}]})
    text = " ".join(f"word{(number * 31 + i * 7) % 997}" for i in range(40 + number % 60))
    call = {"name": "search", "arguments": {"query": text[:40], "page": number}}
    messages = [
        {"role": "user", "content": f"Question {number}: {text}"},
        {"role": "tool_call", "content": json.dumps(call)},
        {"role": "tool_response", "content": text},
        {"role": "assistant", "content": text[::-1]},
    ]
    return json.dumps({"id": f"row-{number % 400}", "messages": messages})


@dataclass
class Site:
    """Inputs, options, and the files of an undisturbed run."""

    folder: Path
    options: list[str]
    expected: dict[str, bytes] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        return self.folder / "in"

    def inputs(self) -> list[Path]:
        return sorted(self.source.glob("*.jsonl"))

    def prepare(self) -> None:
        self.source.mkdir(parents=True)
        for number in range(FILES):
            lines = (row(number * ROWS + i) + "\n" for i in range(ROWS))
            (self.source / f"{number}.jsonl").write_text("".join(lines))
        out = self.folder / "undisturbed"
        code, said = ended(self.start(out))
        assert code == 0, said
        self.expected = contents(out)

    def start(self, out: Path, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "from agentdata.cli import main; main()", "compile"]
        command += [str(self.source), "--out", str(out), "--tokenizer", "bundled", "--quiet"]
        # Its own group, as a shell gives each job.
        return subprocess.Popen(
            [*command, *self.options, *more],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what it said."""
    _, said = process.communicate(timeout=LIMIT_S)
    return process.returncode, said


def contents(out: Path) -> dict[str, bytes]:
    """All files of a directory, {relative path: bytes}."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def fault_of(site: Site, out: Path) -> str | None:
    """What is wrong with a directory after any end of a run: it is not finished and says so, or
    it is finished and whole."""
    if not out.exists():
        return None
    try:
        load_manifest(out)
    except AgentDataError as error:
        return None if error.code == "not_finished" else f"says {error.code}: {error}"
    if not verify(out).is_whole:
        return "has a manifest and is not whole"
    shown = {name: data for name, data in contents(out).items() if not name.startswith(".")}
    return None if shown == site.expected else "is finished with other bytes"


def resumed(site: Site, out: Path, *more: str) -> str | None:
    """What is wrong after the same command has run to its end; None if nothing is."""
    code, said = ended(site.start(out, *more))
    found = contents(out)
    if code == 2 and "[exists]" in said:
        # It had finished before it was ended, perhaps without the last sweep of hidden files.
        found = {name: data for name, data in found.items() if not name.startswith(".")}
    elif code != 0:
        return f"does not go on: {code} {said}"
    if found == site.expected:
        return None
    differing = sorted(
        name for name in {*found, *site.expected} if found.get(name) != site.expected.get(name)
    )
    return f"other bytes than those of an undisturbed run: {differing}"


# Phases: when a run has come so far.


def _always(out: Path) -> bool:
    return True


def _begun(out: Path) -> bool:
    return (out / ".parts").exists()


def _planned(out: Path) -> bool:
    return (out / ".parts" / "plan.json").exists()


def _tasks_done(count: int) -> Callable[[Path], bool]:
    return lambda out: len(list((out / ".parts").glob("*.done.json"))) >= count


def _shards_begun(out: Path) -> bool:
    return (out / "data").exists()


def _shards_named(out: Path) -> bool:
    return any((out / "data").glob("train-*"))


def _finished(out: Path) -> bool:
    return (out / "manifest.json").exists()


PHASES: dict[str, Callable[[Path], bool]] = {
    "start": _always,
    "begun": _begun,
    "planned": _planned,
    "first task": _tasks_done(1),
    "shards begun": _shards_begun,
    "half of the tasks": _tasks_done(FILES // 2),
    "last task": _tasks_done(FILES),
    "shards named": _shards_named,
    "finished": _finished,
}


def wait_for(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while process.poll() is None and not reached():
        assert time.monotonic() < end, "a run hangs"
        time.sleep(0.0005)


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The worker processes that a run has started."""
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    except FileNotFoundError:  # it has ended
        return []
    return [int(child) for child in children]


def kill(site: Site, out: Path, rng: random.Random, phase: str) -> str | None:
    """End a run in a phase; what is wrong then."""
    process = site.start(out)
    wait_for(process, lambda: PHASES[phase](out))
    time.sleep(rng.choice((0.0, rng.random() * 0.02, rng.random() * 0.8)))
    number = rng.choice(SIGNALS)
    # Without its group, workers have to find out by themselves.
    alone = number == signal.SIGKILL and rng.random() < 0.5
    if process.poll() is None:
        (os.kill if alone else os.killpg)(process.pid, number)
    sent = time.monotonic()
    code, said = ended(process)
    late = time.monotonic() - sent
    if number != signal.SIGKILL:
        if late > CLEAN_END_S:
            return f"took {late:.1f} s to end after {number.name}"
        # Before the interpreter has come to our code, it ends in its own way.
        if "Traceback" in said and "in main\n" in said:
            return f"ends with a traceback after {number.name}: {said}"
        if code == 0 and not _finished(out):
            return "says that it is done and is not"
    return fault_of(site, out)


# Faults of the machine, each with the error that it must end in.


def vanished_input(site: Site, out: Path) -> str | None:
    process = site.start(out)
    wait_for(process, lambda: _planned(out))
    last = site.inputs()[-1]
    aside = last.rename(last.with_suffix(".aside"))
    code, said = ended(process)
    aside.rename(last)
    return _refused(code, said, "unreadable_source") or fault_of(site, out)


def growing_input(site: Site, out: Path) -> str | None:
    process = site.start(out)
    wait_for(process, lambda: _planned(out))
    last = site.inputs()[-1]
    before = last.read_bytes()
    with last.open("ab") as file:
        file.write(row(1).encode() + b"\n")
    code, said = ended(process)
    last.write_bytes(before)
    return _refused(code, said, "input_changed") or fault_of(site, out)


def other_input(site: Site, out: Path) -> str | None:
    """Ended, then run with an input that has changed: refused, with its name."""
    process = site.start(out)
    wait_for(process, lambda: _tasks_done(1)(out))
    os.killpg(process.pid, signal.SIGKILL)
    ended(process)
    first = site.inputs()[0]
    before = first.read_bytes()
    first.write_bytes(before.replace(b"Question", b"question"))
    code, said = ended(site.start(out))
    first.write_bytes(before)
    if first.name not in said:
        return f"does not name the input: {said}"
    return _refused(code, said, "changed", 2) or fault_of(site, out)


def full_disk(site: Site, out: Path) -> str | None:
    with mounted(out, "size=96k"):
        code, said = ended(site.start(out))
        fault = _refused(code, said, "unwritable") or fault_of(site, out)
        subprocess.run(["mount", "-o", "remount,size=64m", str(out)], check=True)
        return fault or resumed(site, out)


def read_only(site: Site, out: Path) -> str | None:
    with mounted(out, "ro"):
        code, said = ended(site.start(out))
        return _refused(code, said, "unwritable") or fault_of(site, out)


def file_limit(site: Site, out: Path) -> str | None:
    """No file may grow past 8 KiB: what a quota does, and nobody has to be root for it."""
    limited = f"ulimit -f 8; exec {sys.executable} -c 'from agentdata.cli import main; main()' "
    command = f"compile {site.source} --out {out} --tokenizer bundled --quiet "
    process = subprocess.Popen(
        ["bash", "-c", limited + command + " ".join(site.options)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    code, said = ended(process)
    return _refused(code, said, "unwritable") or fault_of(site, out)


def dead_worker(site: Site, out: Path) -> str | None:
    process = site.start(out, "--workers", "2")
    wait_for(process, lambda: _planned(out) and len(workers_of(process)) == 2)
    os.kill(workers_of(process)[1], signal.SIGKILL)
    code, said = ended(process)
    return _refused(code, said, "worker_died") or fault_of(site, out)


def second_compile(site: Site, out: Path) -> str | None:
    first = site.start(out)
    wait_for(first, lambda: _planned(out))
    # Held still, the first one cannot be done before the second has begun.
    first.send_signal(signal.SIGSTOP)
    try:
        code, said = ended(site.start(out))
    finally:
        first.send_signal(signal.SIGCONT)
    fault = _refused(code, said, "locked", 2)
    ended(first)
    return fault or fault_of(site, out)


FAULTS: dict[str, Callable[[Site, Path], str | None]] = {
    function.__name__: function
    for function in (
        vanished_input,
        growing_input,
        other_input,
        full_disk,
        read_only,
        file_limit,
        dead_worker,
        second_compile,
    )
}
NEED_ROOT = ("full_disk", "read_only")


def _refused(code: int, said: str, reason: str, expected: int = 1) -> str | None:
    if code == expected and f"[{reason}]" in said and said.count("\n") == 1:
        return None
    return f"ends with {code} and says {said!r}, not [{reason}] in one line"


@contextmanager
def mounted(out: Path, options: str) -> Iterator[None]:
    """A small file system at `out`; needs root."""
    out.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(out)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(out)], check=True)


def main(kills: int = 200, seed: int = 0) -> int:
    rng = random.Random(seed)
    counts: Counter[str] = Counter()
    lost: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for workers in ("1", "2"):
            site = Site(Path(folder) / workers, ["--workers", workers])
            site.prepare()
            for number in range(kills // 2):
                out = site.folder / f"{number}"
                phase = list(PHASES)[number % len(PHASES)]
                fault = kill(site, out, rng, phase)
                counts["kills"] += 1
                while not fault and rng.random() < 0.3:  # ended again while it goes on
                    fault = kill(site, out, rng, rng.choice(list(PHASES)))
                    counts["kills"] += 1
                fault = fault or resumed(site, out)
                if fault:
                    lost.append(f"workers {workers}, {phase}: {fault}")
            for name, function in FAULTS.items():
                out = site.folder / name
                fault = function(site, out)
                counts["faults"] += 1
                if not fault and name not in NEED_ROOT:
                    fault = resumed(site, out)
                if fault:
                    lost.append(f"workers {workers}, {name}: {fault}")
    print(json.dumps({**counts, "lost": len(lost)}))
    for fault in lost:
        print(fault, file=sys.stderr)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
