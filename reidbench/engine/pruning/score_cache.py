"""A cache of scores: one ranking serves every reduction and allocation of a method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reidbench.api.tasks import Scores


@dataclass(frozen=True)
class CachedScores:
    """Scores (channels,) by group, float64, and the seconds that the ranking took."""

    scores: Scores
    seconds: float


class ScoreCache(Protocol):
    """The cached scores of one network by one method."""

    def read(self) -> CachedScores | None:
        """Return the scores, if they are cached."""

    def write(self, scores: CachedScores) -> None:
        """Cache scores for other phases."""
