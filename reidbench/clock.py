"""Seconds, by what they were spent on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Clock:
    """Adds up wall-clock seconds by activity."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

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
