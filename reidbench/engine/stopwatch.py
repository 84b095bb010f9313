"""Seconds, by what they were spent on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any


class Stopwatch:
    """Adds up wall-clock seconds by activity."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = perf_counter()
        self._running: dict[str, float] = {}

    def notes(self) -> dict[str, Any]:
        """Return the seconds by activity, and those since the start, to the millisecond.

        These ``wall`` seconds hold what no activity does: loading, tracing, moving to a device.
        """
        now = perf_counter()
        running = {name: now - start for name, start in self._running.items()}
        names = [*self.seconds, *(name for name in running if name not in self.seconds)]
        seconds = {n: round(self.seconds.get(n, 0.0) + running.get(n, 0.0), 3) for n in names}
        return {"seconds": seconds, "wall": round(now - self._started, 3)}

    @contextmanager
    def running(self, activity: str) -> Iterator[None]:
        """Charge the block's time to ``activity``."""
        start = self._running[activity] = perf_counter()
        try:
            yield
        finally:
            self._running.pop(activity, None)
            self.add(activity, perf_counter() - start)

    def go_on(self, notes: dict[str, Any]) -> None:
        """Count the seconds of an earlier stopwatch too, by its notes."""
        for activity, seconds in notes["seconds"].items():
            self.add(activity, seconds)
        self._started -= notes["wall"]

    def add(self, activity: str, seconds: float) -> None:
        """Charge seconds to ``activity``."""
        self.seconds[activity] = self.seconds.get(activity, 0.0) + seconds
