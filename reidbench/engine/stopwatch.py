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

    def notes(self) -> dict[str, Any]:
        """Return the seconds by activity, and those since the start, to the millisecond.

        These ``wall`` seconds hold what no activity does: loading, tracing, moving to a device.
        """
        seconds = {name: round(value, 3) for name, value in self.seconds.items()}
        return {"seconds": seconds, "wall": round(perf_counter() - self._started, 3)}

    @contextmanager
    def running(self, activity: str) -> Iterator[None]:
        """Charge the block's time to ``activity``."""
        start = perf_counter()
        try:
            yield
        finally:
            self.add(activity, perf_counter() - start)

    def add(self, activity: str, seconds: float) -> None:
        """Charge seconds to ``activity``."""
        self.seconds[activity] = self.seconds.get(activity, 0.0) + seconds
