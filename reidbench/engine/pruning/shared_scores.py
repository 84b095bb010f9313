"""Scores that several prune phases share: one ranking for every reduction of a method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reidbench.api.tasks import Scores


@dataclass(frozen=True)
class SharedScores:
    """Scores (channels,) by group, float64, and the seconds that finding them took."""

    scores: Scores
    seconds: float


class ScoreCache(Protocol):
    """Where the scores of one network by one method are kept for other phases."""

    def take(self) -> SharedScores | None:
        """Return the scores, if they are there."""

    def put(self, shared: SharedScores) -> None:
        """Keep scores."""
