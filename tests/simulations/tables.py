"""Draws sections of truly equal rows, with the noise of published results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.leaderboard.statistics.sections import Scored

ROWS = 30
IDENTITIES = 40
"""Fewer than any test set has; the noise of a row's mean does not depend on their number."""

POINT = 0.01
ROW_FREEDOM = 10
"""Rows differ in their variance over seeds, which is inverse chi-square of this many degrees."""
TAIL = 5
"""Seeds are drawn from a t distribution of this many degrees: heavy tails.

With both, the log variances of 30 rows over three seeds are as far apart as in published sections.
"""


@dataclass(frozen=True)
class Noise:
    """Standard deviations of a row's mean, in points, as measured in ``all-methods-full``.

    Attributes:
        seed: of another training seed, in the root mean square over rows.
        seed_people: of other people, differing from seed to seed.
        people: of other people, the same for all seeds.

    """

    seed: float
    seed_people: float
    people: float


PUBLISHED = {
    0.25: Noise(0.19, 0.15, 0.03),
    0.5: Noise(0.38, 0.19, 0.08),
    0.75: Noise(1.32, 0.28, 0.13),
}
"""By the share of MACs removed."""


def draw_section(rng: np.random.Generator, noise: Noise, seeds: int) -> Scored:
    """Draw rows that are truly equal."""
    variances = (ROW_FREEDOM - 2) / rng.chisquare(ROW_FREEDOM, (ROWS, 1))
    own = rng.standard_t(TAIL, (ROWS, seeds)) * np.sqrt((TAIL - 2) / TAIL * variances)
    root = np.sqrt(IDENTITIES)
    of_all = rng.normal(0, noise.seed, seeds)[:, None] + rng.normal(0, 3 * root, IDENTITIES)
    people = rng.normal(0, noise.people * root, (ROWS, 1, IDENTITIES))
    rest = rng.normal(0, noise.seed_people * root, (ROWS, seeds, IDENTITIES))
    return Scored(POINT * (of_all + noise.seed * own[:, :, None] + people + rest))
