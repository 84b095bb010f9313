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
QueryScores = Array | Sequence[Sequence[float | None]]
"""Scores ``(seeds, queries)``, as average precision; NaN or None for an excluded query, or seed."""

DRAWS = 2000
TAIL = 0.025
"""The share that a 95 % interval leaves out at either end."""
IDENTITY_STREAM, SEED_STREAM = 0, 1

# Equal rows can differ in the last bits of their sums; that must not tell them apart.
FLOAT_TOLERANCE = 1e-12


class Spread(NamedTuple):
    """A mean over seeds and its sample standard deviation, which one seed does not have."""

    mean: float
    sd: float | None


class Rank(NamedTuple):
    """A rank from 1, and whether another row shares it."""

    rank: int
    tied: bool


@dataclass(frozen=True)
class Interval:
    """A 95 % percentile interval around the ``mean`` that was observed."""

    low: float
    high: float
    mean: float

    @property
    def points(self) -> tuple[float, float]:
        """Its ends in points."""
        return 100 * self.low, 100 * self.high

    @property
    def above_zero(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > FLOAT_TOLERANCE


@dataclass(frozen=True, eq=False)
class MeanScore:
    """A row's mean score over queries, for each seed; NaN for a seed it lacks.

    ``observed`` (seeds,) is the mean of all queries, ``drawn`` (draws, seeds) that of each draw.
    """

    observed: Array
    drawn: Array


@dataclass(frozen=True, eq=False)
class Resamples:
    """Identities drawn with replacement, the same draws for every row that is compared.

    ``identity`` (queries,) is the index of each query's identity; ``counts`` (draws, identities)
    says how often a draw holds it, with all its queries.
    """

    identity: NDArray[np.intp]
    counts: Array

    def mean_score(self, scores: QueryScores) -> MeanScore:
        """Return the mean of per-query scores of shape ``(seeds, queries)``."""
        rows = np.asarray(scores, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.identity):
            raise ValueError(f"scores are {rows.shape}, not (seeds, {len(self.identity)} queries)")
        scored = ~np.isnan(rows)
        sums = self._by_identity(np.where(scored, rows, 0.0))
        sizes = self._by_identity(scored.astype(np.float64))
        return MeanScore(
            observed=_ratio(sums.sum(axis=0), sizes.sum(axis=0)),
            drawn=_ratio(self.counts @ sums, self.counts @ sizes),
        )

    def _by_identity(self, rows: Array) -> Array:
        """Sum ``(seeds, queries)`` to ``(identities, seeds)``."""
        identities = self.counts.shape[1]
        return np.stack([np.bincount(self.identity, row, identities) for row in rows], axis=1)


def mean_sd(values: Sequence[float]) -> Spread | None:
    """Return the mean and the sample standard deviation (ddof 1); None without values."""
    if not values:
        return None
    return Spread(fmean(values), stdev(values) if len(values) > 1 else None)


def resample(pids: Sequence[int], *, draws: int = DRAWS, test_set: int = 0) -> Resamples:
    """Draw as many identities as there are, ``draws`` times, from the queries' ``pids``.

    An identity comes with all its queries, because the queries of one person are not independent.
    The draws of test sets that are numbered differently are independent of each other.
    """
    names, identity = np.unique(np.asarray(pids), return_inverse=True)
    shape = (draws, len(names))
    stream = np.random.default_rng([IDENTITY_STREAM, test_set])
    drawn = stream.integers(len(names), size=shape)
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


def pooled_difference(
    pairs: Sequence[tuple[MeanScore, MeanScore]], *, comparisons: int = 1
) -> Interval | None:
    """Return the interval of first minus second, the mean of all pairs; None without a shared seed.

    An interval that is one of several ``comparisons``, any of which may decide, is so much wider
    that all of them together err as seldom as one of 95 % (Bonferroni).

    A pair counts by the mean over the seeds that both its rows have, and every pair alike. Each
    draw takes its identities, and as many seeds as any pair has, with replacement, the same for
    all pairs; a draw leaves out the pairs that have none of its seeds. So the interval says how
    far the mean depends on who is in the test sets and on the seeds, not on which pairs there are.
    A single seed cannot show how far it depends on the seed.
    """
    observed = np.stack([first.observed - second.observed for first, second in pairs])
    shared = ~np.isnan(observed).all(axis=0)
    if not shared.any():
        return None
    drawn = np.stack([first.drawn[:, shared] - second.drawn[:, shared] for first, second in pairs])
    _, draws, seeds = drawn.shape
    drawn = np.take_along_axis(drawn, draw_seeds(seeds, draws)[None], axis=2)
    tail = TAIL / comparisons
    low, high = np.nanquantile(_mean(_mean(drawn, axis=2), axis=0), (tail, 1 - tail))
    mean = _mean(_mean(observed, axis=1), axis=0)
    return Interval(float(low), float(high), float(mean))


def ranks(rows: Sequence[MeanScore]) -> list[Rank]:
    """Return each row's rank by its mean, shared by rows that are not clearly worse than the best.

    From the best mean downwards, a row shares the rank of the best row above it that opened a rank,
    until it is clearly worse: the interval of their difference excludes zero. It then opens a rank
    of its own, its position. So ranks never rise against the means, and noise shares them. No
    correction is made for the number of pairs that are compared.
    """
    order = sorted(range(len(rows)), key=lambda i: -float(np.nanmean(rows[i].observed)))
    places: list[int] = [0] * len(rows)
    best = 0  # position in ``order`` of the row that opened the current rank
    for position, row in enumerate(order):
        difference = pooled_difference([(rows[order[best]], rows[row])])
        if difference is not None and difference.above_zero:
            best = position
        places[row] = best + 1
    return [Rank(place, places.count(place) > 1) for place in places]


def _mean(values: Array, axis: int) -> Array:
    """Return the mean of what is not NaN, along an axis; NaN where nothing is."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=axis), known.sum(axis=axis))


def _ratio(sums: Array, sizes: Array | NDArray[np.intp]) -> Array:
    """Divide, NaN where there is nothing to average."""
    result: Array = np.divide(sums, sizes, out=np.full(sums.shape, np.nan), where=sizes > 0)
    return result
