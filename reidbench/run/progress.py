"""Reports what runs and what is left: live lines on a terminal, log lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from reidbench.results import Result
from reidbench.run.event_log import EventLog
from reidbench.run.labels import result_line
from reidbench.text import counted, duration

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

    def __init__(self, console: Console, units: float, events: EventLog | None = None) -> None:
        self.console, self.events = console, events or EventLog()
        self.work = Work(units, started=monotonic())
        self._trial = self._name = self._phase = self._key = ""
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
        self._whole = self._live.add_task("", total=max(units, 1e-9), visible=False)
        self._rows: dict[int, TaskID] = {}
        self._phases = self._trials = self._failed = 0

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
    def phase(self, title: str, units: float, key: str = "") -> Iterator[None]:
        """Run one phase; its units count as done when the block ends."""
        self._key = key
        started, head = monotonic(), f"{self._trial} {self._name}"
        self._phase, self._units = title, units
        self.begin(head, title)
        try:
            yield
        except BaseException:
            self.work.done += units
            raise
        self.end(head, title, units, monotonic() - started)

    def begin(self, head: str, title: str, row: int = 1, key: str = "") -> None:
        """Report that a phase begins: ``head`` is its trial, ``row`` its worker."""
        self._show(0.0, title, head, row=row)
        if key:
            self.events.begin(key, f"{head}: {title}", row)
        if not self.console.is_terminal:
            self.say(f"{head}: {title} ...")

    def end(self, head: str, title: str, units: float, seconds: float, key: str = "") -> None:
        """Report that a phase has ended."""
        self.work.done += units
        if key:
            took, label = round(seconds, 3), f"{head}: {title}"
            self.events.end("finished", key, label, seconds=took, weight=units)
        self._phases += 1
        self._show_whole()
        if not self.console.is_terminal:
            self.say(f"{head}: {title} took {duration(seconds)}; left {self.work.left()}")

    def step(self, done: int, total: int, note: str) -> None:
        """Report progress inside the phase."""
        words = f"{self._phase} {done}/{total} {note}"
        share, head = done / max(1, total), f"{self._trial} {self._name}"
        self._show(share, words, head, share * self._units)
        self.note_step(self._key, head, self._phase, done, total, note)

    def note_step(self, key: str, head: str, title: str, done: int, total: int, note: str) -> None:
        """Note a step in the event log from time to time, and print it where no line is live."""
        noted = self.events.step(key, f"{head}: {title}", done, total, note)
        if noted and not self.console.is_terminal:
            self.say(f"{head}: {title} {done}/{total} {note}")

    def show(self, head: str, title: str, share: float, row: int = 1) -> None:
        """Report progress of one of several phases at work."""
        self._show(share, title, head, row=row)

    def idle(self, row: int) -> None:
        """Take away the line of a worker that makes nothing now."""
        if row in self._rows:
            self._live.remove_task(self._rows.pop(row))

    def _show(
        self, share: float, phase: str, head: str, done: float = 0.0, *, row: int = 1
    ) -> None:
        # The name comes last, because a narrow terminal cuts the end off.
        index, _, name = head.partition(" ")
        line = f"left {self.work.left(done)}  {index} {phase}  {name}"
        if row not in self._rows:
            self._rows[row] = self._live.add_task("", total=1.0)
        self._live.update(self._rows[row], completed=share, description=line)

    def _show_whole(self) -> None:
        """Show what the run has done so far, on a line above those of the workers."""
        hours = (monotonic() - self.work.started) / 3600
        rate = f", {self._phases / hours:.3g} phases/h" if hours > 0 else ""
        done = f"{counted(self._trials, 'trial')} and {counted(self._phases, 'phase')} done"
        line = f"{done}, {self._failed} failed{rate}, left {self.work.left()}"
        self._live.update(self._whole, completed=self.work.done, description=line, visible=True)

    def retried(self, key: str, head: str, title: str, why: str) -> None:
        """Report that a phase is tried again, and why."""
        self.events.end("retried", key, f"{head}: {title}", why=why)
        self.say(f"{head}: {title}: {why}")

    def settled(self, index: int, total: int, result: Result) -> None:
        """Report what became of a trial."""
        self.events.write(
            "trial finished",
            key=result.key,
            label=str(result.trial),
            status=result.status,
            why=result.error,
        )
        self._trials += 1
        self._failed += result.status != "done"
        self._show_whole()
        self.say(result_line(index, total, result))

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self.console.print(line, markup=False)
