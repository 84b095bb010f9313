"""Reports what runs and what is left: a live line on a terminal, log lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from reidbench.text import duration

SETTLING, SETTLED = 30.0, 0.05
"""No time left is reported before so many seconds have passed, or so large a share is done."""


@dataclass
class Work:
    """How much of the run is done, in units that are roughly proportional to time."""

    total: float
    done: float = 0.0
    started: float = 0.0

    def left(self, share_of_current: float = 0.0) -> str:
        """Return the remaining time, extrapolated from the work done, e.g. ``3m20s``.

        A question mark while too little is done to extrapolate from.
        """
        done, elapsed = self.done + share_of_current, monotonic() - self.started
        # A run begins with what it does once: it decodes images, and torch warms up.
        if done <= 0 or (elapsed < SETTLING and done < SETTLED * self.total):
            return "?"
        return duration(max(0.0, elapsed * (self.total - done) / done))


def console_on(stream: TextIO | None) -> Console:
    """Return a console that writes lines to a stream and never wraps them; None: nowhere."""
    return Console(file=stream, quiet=stream is None, highlight=False, soft_wrap=True)


class Reporter:
    """Reports a run's trials and phases; one live line if the console is a terminal."""

    def __init__(self, console: Console, units: float) -> None:
        self.console = console
        self.work = Work(units, started=monotonic())
        self._trial = self._name = self._phase = ""
        self._units = 0.0
        self._live = Progress(
            BarColumn(bar_width=12),
            # Names are shown as they are: a bracket in an option is no markup.
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            console=self.console,
            transient=True,
            expand=True,
        )
        self._task = self._live.add_task("", total=1.0)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show the live line during the block, on a terminal."""
        if not self.console.is_terminal:
            yield
            return
        with self._live:
            yield

    def trial(self, index: int, total: int, name: str) -> None:
        """Begin a trial."""
        self._trial, self._name = f"[{index}/{total}]", name

    @contextmanager
    def phase(self, title: str, units: float) -> Iterator[None]:
        """Run one phase; its units count as done when the block ends."""
        started, head = monotonic(), f"{self._trial} {self._name}"
        self._phase, self._units = title, units
        self.begin(head, title)
        try:
            yield
        except BaseException:
            self.work.done += units
            raise
        self.end(head, title, units, monotonic() - started)

    def begin(self, head: str, title: str) -> None:
        """Report that a phase begins; ``head`` says of which trial."""
        self._show(0.0, title, head)
        if not self.console.is_terminal:
            self.say(f"{head}: {title} ...")

    def end(self, head: str, title: str, units: float, seconds: float) -> None:
        """Report that a phase has ended."""
        self.work.done += units
        if not self.console.is_terminal:
            took = duration(seconds)
            self.say(f"{head}: {title} took {took}; left {self.work.left()}")

    def step(self, done: int, total: int, note: str) -> None:
        """Report progress inside the phase."""
        words = f"{self._phase} {done}/{total} {note}"
        share = done / max(1, total)
        self._show(share, words, f"{self._trial} {self._name}", share * self._units)

    def show(self, head: str, title: str, share: float) -> None:
        """Report progress of one of several phases at work."""
        self._show(share, title, head)

    def _show(self, share: float, phase: str, head: str, done: float = 0.0) -> None:
        # The name comes last, because a narrow terminal cuts the end off.
        index, _, name = head.partition(" ")
        line = f"left {self.work.left(done)}  {index} {phase}  {name}"
        self._live.update(self._task, completed=share, description=line)

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self.console.print(line, markup=False)
