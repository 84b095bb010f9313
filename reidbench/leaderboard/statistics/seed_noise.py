"""How much another seed would change a row, beside what it changes in all rows of a section."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reidbench.leaderboard.statistics.identity_scores import Array

PRIOR_SEEDS = 4
"""How many more seeds with the section's mean variance each row is taken to have.

Set, not fitted: the log variances of rows in six published sections suggest about five. The idea is
the moderated t statistic of Smyth (2004).
"""

NOISY = 4
"""A row of more than this many times the section's mean variance is pointed out."""

OUTLIER = 10
"""A row counts in the mean variance for no more than this many times the mean of the others.

One that trains now and then tells nothing of how far another seed moves its neighbours.
"""

VISIBLE = 0.0005
"""The least deviation, a share, that is not written as 0.0 points."""


@dataclass(frozen=True, eq=False)
class SeedNoise:
    """The rows of a section over the seeds they all have.

    Attributes:
        means: each row's score, ``(rows, seeds)``, two seeds at least.

    """

    means: Array

    @cached_property
    def shared(self) -> Array:
        """What each seed does to all rows alike: their mean, ``(seeds,)``."""
        result: Array = self.means.mean(axis=0)
        return result

    @cached_property
    def own(self) -> Array:
        """Each row's variance over seeds, without what all rows share, ``(rows,)``.

        A row alone shares everything, so it is zero.
        """
        rows, seeds = self.means.shape
        if rows == 1:
            return np.zeros(1)
        residuals = self.means - self.means.mean(axis=1, keepdims=True)
        residuals -= residuals.mean(axis=0)
        result: Array = rows / (rows - 1) * (residuals**2).sum(axis=1) / (seeds - 1)
        return result

    @cached_property
    def usual(self) -> float:
        """The mean variance, in which an ``OUTLIER`` counts for no more than that many others."""
        own = np.sort(self.own)
        rest = own
        while len(rest) > 2 and rest[-1] > OUTLIER * rest[:-1].mean():
            rest = rest[:-1]
        return float(np.minimum(own, OUTLIER * rest.mean()).mean())

    @cached_property
    def shrunk(self) -> Array:
        """``own`` as if ``PRIOR_SEEDS`` more seeds showed the usual one, but never below it."""
        seeds = self.means.shape[1]
        prior = PRIOR_SEEDS * self.usual + (seeds - 1) * self.own
        result: Array = np.maximum(self.own, prior / (PRIOR_SEEDS + seeds - 1))
        return result

    @property
    def freedom(self) -> int:
        """The degrees of freedom of the mean variance."""
        rows, seeds = self.means.shape
        return int((rows - 1) * (seeds - 1))

    def is_noisy(self, row: int) -> bool:
        """Whether a row is so much noisier than the section that its intervals are too narrow."""
        own = float(self.own[row])
        return own > NOISY * self.usual and own > VISIBLE**2
