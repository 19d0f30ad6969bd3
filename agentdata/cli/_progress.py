"""How far a long run is, on stderr: a live bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from multiprocessing import active_children
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from agentdata.pipeline import Step

SECONDS_BETWEEN_LINES = 2.0
_REFRESHES_PER_SECOND = 2
_PAGE_BYTES = resource.getpagesize()


class Display:
    """Shows a text and a share between 0 and 1. Stdout is never written to."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._bar: Progress | None = None
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._bar = Progress(
                BarColumn(bar_width=24),
                TextColumn("{task.description}", markup=False),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
                refresh_per_second=_REFRESHES_PER_SECOND,
            )
            self._task = self._bar.add_task("starting", total=1.0)
        self._next = 0.0

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, share: float, text: Callable[[], str], *, at_once: bool = False) -> None:
        """Show how far the run is, no more often than is readable; only then is `text` asked."""
        now = time.monotonic()
        every = SECONDS_BETWEEN_LINES if self._bar is None else 1 / _REFRESHES_PER_SECOND
        if now < self._next and not at_once:
            return
        self._next = now + every
        if self._bar is None:
            self.line(text())
        else:
            self._bar.update(self._task, completed=share, description=text())

    def line(self, text: str) -> None:
        """Say something that stays; above the bar, where there is one."""
        if self._bar is None:
            print(text, file=sys.stderr, flush=True)
        else:
            self._console.print(text, markup=False)


class CompileProgress:
    """What `compile` has done: called with every step of the pipeline."""

    def __init__(self, display: Display, clock: Callable[[], float] = time.monotonic) -> None:
        self._display = display
        self._clock = clock
        self._started = clock()
        self._rows = self._tokens = self._earlier_tokens = 0
        self._rejects: Counter[str] = Counter()
        self._share = 0.0
        self._since = self._started, 0.0
        self._steps = 0
        # A run that is over within the first lines says nothing but its result.
        self._silent_until = self._started + SECONDS_BETWEEN_LINES

    def __call__(self, step: Step) -> None:
        self._rows += step.counts.read
        self._tokens += step.counts.tally.tokens
        self._rejects.update(step.counts.rejects)
        self._share = step.share
        if step.earlier:
            self._earlier_tokens = self._tokens
        else:
            self._steps += 1
        if step.earlier or self._steps == 1:
            # Up to the first task the workers had their tokenizer to load, which is not so again.
            self._since = self._clock(), step.share
        if self._clock() >= self._silent_until:
            self._display.show(step.share, self.text, at_once=step.share >= 1)

    def text(self) -> str:
        """One line that says how far it is."""
        now = self._clock()
        seconds = now - self._started
        rate = (self._tokens - self._earlier_tokens) / seconds if seconds else 0.0
        since, share = self._since
        parts = [
            f"{self._share:.0%}",
            f"{self._rows:,} rows",
            f"{rate:,.0f} tokens/s",
            left(now - since, self._share - share, 1 - self._share),
            memory(),
        ]
        if self._share >= 1:
            parts[3] = "putting the shards together"
        if self._rejects:
            reasons = ", ".join(f"{code} {n:,}" for code, n in self._rejects.most_common(4))
            more = ", ..." if len(self._rejects) > 4 else ""
            parts.append(f"rejected {self._rejects.total():,} ({reasons}{more})")
        return "  ".join(part for part in parts if part)


class TrainProgress:
    """What `train` has done: called with every record of the run."""

    def __init__(
        self,
        display: Display,
        describe: Callable[[Mapping[str, Any], int], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._display = display
        self._describe = describe
        self._clock = clock
        self._started = clock()
        self._first = self._steps = 0

    def __call__(self, record: Mapping[str, Any]) -> None:
        step = record["step"]
        if record.get("event") == "start":
            self._started, self._first, self._steps = self._clock(), step, record["steps"]
        if "lr" not in record:
            self._display.line(self._describe(record, self._steps))
            return
        self._display.show(
            step / self._steps, lambda: self._text(record), at_once=step >= self._steps
        )

    def _text(self, record: Mapping[str, Any]) -> str:
        step = record["step"]
        seconds = self._clock() - self._started
        rest = left(seconds, step - self._first, self._steps - step)
        parts = [self._describe(record, self._steps), rest, memory()]
        return "  ".join(part for part in parts if part)


def left(seconds: float, done: float, to_do: float) -> str:
    """The time that `to_do` takes where `done` took `seconds`; "" where that is not known.

    >>> left(60, 0.25, 0.75), left(1, 1, 4000), left(5, 0, 1), left(5, 1, 0)
    ('3:00 left', '1:06:40 left', '', '')
    """
    if done <= 0 or to_do <= 0:
        return ""
    minutes, rest = divmod(round(seconds * to_do / done), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} left" if hours else f"{minutes}:{rest:02} left"


def memory() -> str:
    """The memory of this process and of its workers now, of the GPU too where one is used."""
    text = f"{_resident_bytes() / 1e6:,.0f} MB"
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        text += f", GPU {torch.cuda.max_memory_allocated() / 1e9:.1f} GB"
    return text


def _resident_bytes() -> int:
    pids = ["self", *(str(child.pid) for child in active_children())]
    pages = 0
    for pid in pids:
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    if pages:
        return pages * _PAGE_BYTES
    # Without /proc (macOS) the most that this process had, there in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
