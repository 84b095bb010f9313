"""What results say of a claim, with every number still a number."""

from __future__ import annotations

from dataclasses import dataclass

from reidbench.config.claim import Claim, Standing
from reidbench.leaderboard.statistics import Interval


@dataclass(frozen=True, kw_only=True)
class PairVerdict:
    """The difference of one pair, a fraction, and how the claim would stand by it alone."""

    label: str
    """What tells it from the claim's other pairs; empty if there is no other."""
    difference: Interval
    standing: Standing


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A claim, how it stands, and by what.

    ``difference`` is the mean of all pairs judged together, or of the pair that decides where each
    is judged for itself; None if nothing could be judged.
    """

    claim: Claim
    standing: Standing
    difference: Interval | None
    decisive: str
    """The label of the pair that decides, empty where pairs are judged together."""
    pairs: tuple[PairVerdict, ...]
    """The pairs that were judged, the smallest difference first."""
    asked: int
    """How many there are to judge, with those that could not be, without those not applicable."""
    notes: tuple[str, ...]
