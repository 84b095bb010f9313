"""A mean over seeds and its standard deviation."""

from __future__ import annotations

import math

from reidbench.leaderboard.statistics.spread import Spread, mean_sd


def test_the_standard_deviation_is_the_samples() -> None:
    assert mean_sd([1.0, 3.0]) == Spread(2.0, math.sqrt(2))


def test_one_seed_has_no_standard_deviation() -> None:
    assert mean_sd([0.5]) == Spread(0.5, None)


def test_nothing_has_no_mean() -> None:
    assert mean_sd([]) is None
