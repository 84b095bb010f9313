"""How fast a phase trains just now."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

WINDOW = 10.0
"""Seconds over which images are counted."""


@dataclass
class Throughput:
    """Images a second over the last seconds, as steps report how many were seen."""

    images_per_second: float = 0.0
    _since: float = field(default_factory=perf_counter)
    _before: int = 0

    def step(self, images_seen: int) -> None:
        """Note how many images have been seen so far."""
        elapsed = perf_counter() - self._since
        if elapsed >= WINDOW or not self._before:  # a mean until the first window is full
            self.images_per_second = (images_seen - self._before) / max(elapsed, 1e-9)
        if elapsed >= WINDOW:
            self._since, self._before = perf_counter(), images_seen
