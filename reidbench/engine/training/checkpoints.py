"""When a training keeps a checkpoint of itself, and what it found of an earlier one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from reidbench.engine.training.snapshot import Snapshot

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How often checkpoints are kept: after ten minutes or a share of the steps.

    Attributes:
        least: seconds of training before the first, and between two.
        most: seconds between two.
        share: share of the phase's steps between two.

    """

    least: float = 60.0
    most: float = 600.0
    share: float = 0.05

    def is_due(self, seconds: float, steps: int, total: int) -> bool:
        """Return whether one is due, so many seconds and steps after the last."""
        return seconds >= self.least and (seconds >= self.most or steps >= self.share * total)


class Checkpoints:
    """Keeps checkpoints of one training.

    Attributes:
        found: the snapshot to go on from, None to begin at the first step.

    """

    def __init__(
        self, found: Snapshot | None, keep: Callable[[Snapshot], None], pace: Pace, name: str
    ) -> None:
        self.found, self._keep, self._pace, self._name = found, keep, pace, name
        self._take: Callable[[], Snapshot | None] = lambda: None
        self._kept = (monotonic(), found.notes["done"] if found else 0)
        self._has_said = False

    def take_by(self, take: Callable[[], Snapshot | None]) -> None:
        """Say what takes a snapshot: None where the present state cannot be kept exactly."""
        self._take = take

    def after_step(self, done: int, total: int) -> None:
        """Keep a checkpoint if one is due, but none of the last step."""
        now, (since, last) = monotonic(), self._kept
        if done == total or not self._pace.is_due(now - since, done - last, total):
            return
        snapshot = self._take()
        if snapshot is not None:
            self._keep(snapshot)
        elif not self._has_said:
            self._has_said = True
            _log.info("%s keeps no checkpoint at step %d: its method's state", self._name, done)
        self._kept = (monotonic(), done)
