"""Draws sections of truly equal rows, with the noise of published results."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from reidbench.leaderboard.statistics.identity_scores import Array
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
    """Standard deviations of a row's mean, in points, as `measured` finds in published results.

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
    0.5: Noise(0.31, 0.31, 0.07),
    0.75: Noise(1.06, 0.46, 0.14),
}
"""By the share of MACs removed: of the table ``all-methods`` of ``mini/2``, five seeds.

At 25 % of ``all-methods-full`` of ``mini/1``, since replaced: ``all-methods`` has no such rows.
"""


def draw_people(rng: np.random.Generator) -> Array:
    """Draw how easy each identity is to find, in points of its own score."""
    return rng.normal(0, 3 * np.sqrt(IDENTITIES), IDENTITIES)


def draw_section(
    rng: np.random.Generator,
    noise: Noise,
    seeds: int,
    *,
    rows: int = ROWS,
    test_set: Hashable = "test",
    people: Array | None = None,
    wild: float = 1.0,
) -> Scored:
    """Draw rows that are truly equal, on ``people`` who are as easy to find as this.

    ``wild`` is how many times as far seeds are apart in the first row.
    """
    variances = (ROW_FREEDOM - 2) / rng.chisquare(ROW_FREEDOM, (rows, 1))
    own = rng.standard_t(TAIL, (rows, seeds)) * np.sqrt((TAIL - 2) / TAIL * variances)
    own[0] *= wild
    root = np.sqrt(IDENTITIES)
    easy = draw_people(rng) if people is None else people
    of_all = rng.normal(0, noise.seed, seeds)[:, None] + easy
    of_people = rng.normal(0, noise.people * root, (rows, 1, IDENTITIES))
    rest = rng.normal(0, noise.seed_people * root, (rows, seeds, IDENTITIES))
    scores = of_all + noise.seed * own[:, :, None] + of_people + rest
    return Scored(POINT * scores, test_set)
