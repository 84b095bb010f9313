"""Differences between rows, and t intervals that hold for other seeds and other test people."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from reidbench.leaderboard.statistics.addition import added
from reidbench.leaderboard.statistics.identity_scores import Array
from reidbench.leaderboard.statistics.seed_noise import PRIOR_SEEDS, SeedNoise

ERROR = 0.05
"""How often an interval may miss the true difference."""

# Equal rows can differ in the last bits of their sums; that must not tell them apart.
FLOAT_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Interval:
    """A 95 % interval around the ``mean`` that was observed, all shares.

    ``of_networks``: it is of one seed, so it says how these networks differ over other people, and
    nothing of how the methods do.
    """

    low: float
    high: float
    mean: float
    of_networks: bool = False

    @property
    def points(self) -> tuple[float, float]:
        """Its ends in points."""
        return 100 * self.low, 100 * self.high


class Part(NamedTuple):
    """A part of a variance, and the degrees of freedom with which it is known."""

    variance: float
    freedom: float

    def half_width(self, error: float) -> float:
        """Return half the width of a t interval that misses this often, either side."""
        return float(stdtrit(self.freedom, 1 - error / 2)) * sqrt(self.variance)


NOTHING = Part(variance=0.0, freedom=1.0)


@dataclass(frozen=True)
class Estimate:
    """A difference, and how well it is known.

    Attributes:
        own: the variance of its rows and of the test people.
        shared: what seeds do to whole sections, where that does not cancel.

    """

    mean: float
    own: Part
    shared: Part = NOTHING
    of_networks: bool = False

    @property
    def variance(self) -> float:
        """Of both parts together."""
        return self.own.variance + self.shared.variance

    def interval(self, comparisons: int = 1) -> Interval:
        """Return the 95 % interval.

        One of several ``comparisons``, any of which may decide, is so much wider that all of them
        together err as seldom as one (Bonferroni).
        """
        half = self._half_width(comparisons)
        return Interval(self.mean - half, self.mean + half, self.mean, self.of_networks)

    def sign(self, comparisons: int = 1) -> int:
        """Return 1 or -1 if the whole interval lies above or below zero, otherwise 0."""
        clear = abs(self.mean) - self._half_width(comparisons) > FLOAT_TOLERANCE
        return int(np.sign(self.mean)) if clear else 0

    def _half_width(self, comparisons: int) -> float:
        # Known from few seeds alone, the shared part would mislead Satterthwaite's approximation;
        # half widths added in quadrature err no more often than they say (Banerjee 1960).
        error = ERROR / comparisons
        return hypot(self.own.half_width(error), self.shared.half_width(error))


@dataclass(frozen=True, eq=False)
class Term:
    """A row of a contrast, over seeds that all its terms have.

    Attributes:
        weight: by which its score is multiplied.
        row: what it is; terms of one row, in several sections, have the same noise.
        scores: ``(seeds, identities)``, as of ``identity_scores``.
        test_set: whose identities these are; those of different test sets are independent.
        noise: the section it is in, or None for a single seed; ``place`` is its row therein.

    """

    weight: float
    row: Hashable
    scores: Array
    test_set: Hashable
    noise: SeedNoise | None = None
    place: int = 0

    @property
    def deviation(self) -> float:
        """The weighted standard deviation over seeds."""
        return self.weight * sqrt(self.noise.shrunk[self.place]) if self.noise else 0.0


def contrast(terms: Sequence[Term]) -> Estimate | None:
    """Estimate the sum of weighted scores, whose weights add up to zero.

    Its variance has three parts: what seeds do to each row, shrunk to its section's; what seeds do
    to whole sections, where the weights in one do not cancel; and what other test people would do.
    A single seed has the last alone. None where it has a single person too.
    """
    mean = added(term.weight * float(term.scores.mean()) for term in terms)
    people = [_of_people(same) for same in _grouped((it.test_set, it) for it in terms)]
    seeds = len(terms[0].scores)
    if seeds == 1:
        return _of_networks(mean, people)
    rows = [
        added(term.deviation for term in same) ** 2 / seeds
        for same in _grouped((it.row, it) for it in terms)
    ]
    sections = _grouped((it.noise, it) for it in terms)
    shared = float(_shared(sections).var(ddof=1)) / seeds
    variance = added(rows) + added(part for part, _ in people)
    # Satterthwaite: of the people's part there are many degrees, which do not limit.
    inverse = added(part**2 for part in rows) / (PRIOR_SEEDS + seeds - 1)
    most = max(seeds - 1, sum(same[0].noise.freedom for same in sections if same[0].noise))
    freedom = min(most, variance**2 / inverse) if inverse > 0 else most
    return Estimate(mean, Part(variance, freedom), Part(shared, seeds - 1))


def _of_networks(mean: float, people: Sequence[tuple[float, int]]) -> Estimate | None:
    if any(identities < 2 for _, identities in people):
        return None
    variance = added(part for part, _ in people)
    inverse = added(part**2 / (identities - 1) for part, identities in people)
    least = min(identities for _, identities in people) - 1
    freedom = variance**2 / inverse if inverse > 0 else least
    return Estimate(mean, Part(variance, freedom), of_networks=True)


def _of_people(terms: Sequence[Term]) -> tuple[float, int]:
    """Return the variance that other people of one test set would add, and how many there are.

    With several seeds it is what identities vary beyond what seeds make of them: the variance
    components of the crossed design seeds x identities, zero at least.
    """
    difference = sum(term.weight * term.scores for term in terms)
    assert isinstance(difference, np.ndarray)
    seeds, identities = difference.shape
    if identities < 2:
        return 0.0, identities
    of_identity = difference.mean(axis=0)
    between = seeds * float(of_identity.var(ddof=1))
    if seeds == 1:
        return between / identities, identities
    rest = difference - difference.mean(axis=1, keepdims=True) - of_identity + difference.mean()
    within = float((rest**2).sum()) / ((seeds - 1) * (identities - 1))
    return max(0.0, between - within) / (seeds * identities), identities


def _shared(sections: Iterable[Sequence[Term]]) -> Array:
    """Add up what seeds do to whole sections, each by the sum of its weights, ``(seeds,)``."""
    parts = []
    for terms in sections:
        weight, noise = added(term.weight for term in terms), terms[0].noise
        assert noise is not None
        parts.append((weight if abs(weight) > FLOAT_TOLERANCE else 0.0) * noise.shared)
    result: Array = np.sum(parts, axis=0)
    return result


def _grouped(items: Iterable[tuple[Hashable, Term]]) -> list[list[Term]]:
    groups: dict[Hashable, list[Term]] = {}
    for key, term in items:
        groups.setdefault(key, []).append(term)
    return list(groups.values())
