"""Means, intervals and ranks of rows that were scored on the same queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
PerQueryAP = Array | Sequence[Sequence[float | None]]
"""Average precision (seeds, queries); NaN or None where a query is excluded or a seed missing."""

DRAWS = 2000
TAILS = (0.025, 0.975)
IDENTITY_STREAM, SEED_STREAM = 0, 1

# Equal rows can differ in the last bits of their sums; that must not tell them apart.
ROUNDING = 1e-12


class Spread(NamedTuple):
    """A mean over seeds and its sample standard deviation, which one seed does not have."""

    mean: float
    sd: float | None


class Rank(NamedTuple):
    """A place from 1, and whether another row shares it."""

    rank: int
    tied: bool


@dataclass(frozen=True)
class Interval:
    """A 95 % percentile interval around the ``mean`` that was observed."""

    low: float
    high: float
    mean: float

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > ROUNDING


@dataclass(frozen=True, eq=False)
class MeanAP:
    """A row's mAP, NaN for a seed it lacks: ``observed`` (seeds,) and ``drawn`` (draws, seeds)."""

    observed: Array
    drawn: Array

    def minus(self, other: MeanAP) -> Interval | None:
        """Return the interval of the difference over the seeds both have; None without one.

        Each draw takes its identities, and as many of the shared seeds as there are, again with
        replacement, the same for both rows: the interval says how far the difference depends on
        who is in the test set and on the seed. A single seed cannot show the latter.
        """
        both = ~np.isnan(self.observed - other.observed)
        if not both.any():
            return None
        differences = self.drawn[:, both] - other.drawn[:, both]
        draws, seeds = differences.shape
        differences = np.take_along_axis(differences, draw_seeds(seeds, draws), axis=1)
        low, high = np.nanquantile(differences.mean(axis=1), TAILS)
        mean = (self.observed[both] - other.observed[both]).mean()
        return Interval(float(low), float(high), float(mean))


@dataclass(frozen=True, eq=False)
class Resamples:
    """Identities drawn with replacement, the same draws for every row that is compared.

    ``identity`` (queries,) is the index of each query's identity; ``counts`` (draws, identities)
    says how often a draw holds it, with all its queries.
    """

    identity: NDArray[np.intp]
    counts: Array

    def mean_ap(self, average_precision: PerQueryAP) -> MeanAP:
        """Return the mAP of per-query AP of shape ``(seeds, queries)``."""
        rows = np.asarray(average_precision, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.identity):
            raise ValueError(f"AP is {rows.shape}, not (seeds, {len(self.identity)} queries)")
        scored = ~np.isnan(rows)
        sums = self._by_identity(np.where(scored, rows, 0.0))
        sizes = self._by_identity(scored.astype(np.float64))
        return MeanAP(
            observed=_ratio(sums.sum(axis=0), sizes.sum(axis=0)),
            drawn=_ratio(self.counts @ sums, self.counts @ sizes),
        )

    def _by_identity(self, rows: Array) -> Array:
        """Sum ``(seeds, queries)`` to ``(identities, seeds)``."""
        identities = self.counts.shape[1]
        return np.stack([np.bincount(self.identity, row, identities) for row in rows], axis=1)


def mean_sd(values: Sequence[float]) -> Spread:
    """Return the mean and the sample standard deviation (ddof 1) of at least one value."""
    return Spread(fmean(values), stdev(values) if len(values) > 1 else None)


def resample(pids: Sequence[int], *, draws: int = DRAWS) -> Resamples:
    """Draw as many identities as there are, ``draws`` times, from the queries' ``pids``.

    Each comes with all its queries, because the queries of one person are not independent.
    """
    names, identity = np.unique(np.asarray(pids), return_inverse=True)
    shape = (draws, len(names))
    drawn = np.random.default_rng(IDENTITY_STREAM).integers(len(names), size=shape)
    cells = drawn + np.arange(draws)[:, None] * len(names)
    counts = np.bincount(cells.ravel(), minlength=draws * len(names)).reshape(shape)
    return Resamples(identity, counts.astype(np.float64))


@lru_cache
def draw_seeds(seeds: int, draws: int = DRAWS) -> NDArray[np.intp]:
    """Draw, for each of ``draws``, as many of ``seeds`` seeds as there are: indices (draws, seeds).

    The draws are the same on every call, so all pairs of rows share them.
    """
    # With the number of seeds in the stream, neither these draws nor those of identities repeat.
    drawn = np.random.default_rng([SEED_STREAM, seeds]).integers(seeds, size=(draws, seeds))
    drawn.setflags(write=False)
    return drawn


def ranks(rows: Sequence[MeanAP]) -> list[Rank]:
    """Return each row's place by mean AP, shared by rows that cannot be told from the best of it.

    From the best mean downwards, a row shares the rank of the best row above it that opened a rank,
    until it is clearly worse: the interval of their difference excludes zero. It then opens a rank
    of its own, its position. So ranks never rise against the means, and noise shares them. No
    correction is made for the number of pairs that are compared.
    """
    order = sorted(range(len(rows)), key=lambda i: -float(np.nanmean(rows[i].observed)))
    places: list[int] = [0] * len(rows)
    best = 0  # position in ``order`` of the row that opened the current rank
    for position, row in enumerate(order):
        difference = rows[order[best]].minus(rows[row])
        if difference is not None and difference.above_zero:
            best = position
        places[row] = best + 1
    return [Rank(place, places.count(place) > 1) for place in places]


def _ratio(sums: Array, sizes: Array) -> Array:
    """Divide, NaN where there is nothing to average."""
    result: Array = np.divide(sums, sizes, out=np.full(sums.shape, np.nan), where=sizes > 0)
    return result
