"""The mean of a score over seeds, and how far the seeds are apart."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import NamedTuple


class Spread(NamedTuple):
    """A mean over seeds and its sample standard deviation, which one seed does not have."""

    mean: float
    sd: float | None


def mean_sd(values: Sequence[float]) -> Spread | None:
    """Return the mean and the sample standard deviation (ddof 1); None without values."""
    if not values:
        return None
    return Spread(fmean(values), stdev(values) if len(values) > 1 else None)
