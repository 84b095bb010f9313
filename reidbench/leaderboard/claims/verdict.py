"""What results say of a claim, with every number still a number."""

from __future__ import annotations

from dataclasses import dataclass

from reidbench.config.claim import Claim, Standing
from reidbench.leaderboard.statistics.contrast import Interval


@dataclass(frozen=True, kw_only=True)
class PairVerdict:
    """The difference of one pair, a fraction, and the verdict if there were no other pair."""

    label: str
    """What tells it from the claim's other pairs; empty if there is no other."""
    difference: Interval
    standing: Standing


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A claim, whether results support it, and the differences that decide.

    ``difference`` is the mean of all pairs judged together, or of the pair that decides where each
    is judged for itself; None if nothing could be judged.
    """

    claim: Claim
    asked: int
    """How many pairs there are to judge, also those that could not be; not applicable ones not."""
    notes: tuple[str, ...]
    standing: Standing = "undecided"
    difference: Interval | None = None
    decisive: str = ""
    """The label of the pair that decides, empty where pairs are judged together."""
    pairs: tuple[PairVerdict, ...] = ()
    """The pairs that were judged, the smallest difference first."""
