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
    _since: float = field(default_factory=lambda: perf_counter())
    _before: int | None = None
    _is_first: bool = True

    def step(self, done: int, images_seen: int) -> None:
        """Note how many steps are done, and how many images have been seen in them."""
        if self._before is None:
            # A phase that goes on from its checkpoint has seen images before: none of them now.
            self._before = images_seen * (done - 1) // done
        elapsed = perf_counter() - self._since
        is_full = elapsed >= WINDOW
        if is_full or self._is_first:  # a mean until the first window is full
            self.images_per_second = (images_seen - self._before) / max(elapsed, 1e-9)
        if is_full:
            self._since, self._before, self._is_first = perf_counter(), images_seen, False
