"""Means, intervals and ranks of rows that were scored on the same queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
PerQueryAP = Array | Sequence[Sequence[float | None]]
"""Average precision (seeds, queries); NaN or None where a query is excluded or a seed missing."""

DRAWS = 2000
TAILS = (0.025, 0.975)

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

    @property
    def below_zero(self) -> bool:
        """Whether the whole interval lies below zero."""
        return self.high < -ROUNDING


@dataclass(frozen=True, eq=False)
class MeanAP:
    """A row's mAP, NaN for a seed it lacks: ``observed`` (seeds,) and ``drawn`` (draws, seeds)."""

    observed: Array
    drawn: Array

    def minus(self, other: MeanAP) -> Interval | None:
        """Return the interval of the difference over the seeds both have; None without one."""
        both = ~np.isnan(self.observed - other.observed)
        if not both.any():
            return None
        differences = (self.drawn[:, both] - other.drawn[:, both]).mean(axis=1)
        low, high = np.nanquantile(differences, TAILS)
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


def resample(pids: Sequence[int], *, draws: int = DRAWS, seed: int = 0) -> Resamples:
    """Draw as many identities as there are, ``draws`` times, from the queries' ``pids``."""
    names, identity = np.unique(np.asarray(pids), return_inverse=True)
    shape = (draws, len(names))
    drawn = np.random.default_rng(seed).integers(len(names), size=shape)
    cells = drawn + np.arange(draws)[:, None] * len(names)
    counts = np.bincount(cells.ravel(), minlength=draws * len(names)).reshape(shape)
    return Resamples(identity, counts.astype(np.float64))


def paired_bootstrap(
    a: PerQueryAP, b: PerQueryAP, pids: Sequence[int], *, draws: int = DRAWS, seed: int = 0
) -> Interval | None:
    """Return the 95 % interval of mAP(a) - mAP(b), both ``(seeds, queries)`` of per-query AP.

    Identities are resampled, each with all its queries, because the queries of one person are
    not independent. Seeds are paired and averaged: the interval says how far the difference
    depends on who is in the test set, and nothing of how far it depends on the seed. None is
    returned where no seed is in both.
    """
    draw = resample(pids, draws=draws, seed=seed)
    return draw.mean_ap(a).minus(draw.mean_ap(b))


def rank_with_ties(
    rows: Sequence[PerQueryAP], pids: Sequence[int], *, draws: int = DRAWS, seed: int = 0
) -> list[Rank]:
    """Rank rows of per-query AP, each ``(seeds, queries)``: see :func:`ranks`."""
    draw = resample(pids, draws=draws, seed=seed)
    return ranks([draw.mean_ap(row) for row in rows])


def ranks(rows: Sequence[MeanAP]) -> list[Rank]:
    """Return 1 + the number of rows that are better, their interval of difference above zero.

    No correction is made for the number of pairs that are compared.
    """
    better = [0] * len(rows)
    for i, row in enumerate(rows):
        for j in range(i):
            difference = row.minus(rows[j])
            if difference is not None:
                better[i] += difference.below_zero
                better[j] += difference.above_zero
    return [Rank(1 + count, better.count(count) > 1) for count in better]


def _ratio(sums: Array, sizes: Array) -> Array:
    """Divide, NaN where there is nothing to average."""
    result: Array = np.divide(sums, sizes, out=np.full(sums.shape, np.nan), where=sizes > 0)
    return result
