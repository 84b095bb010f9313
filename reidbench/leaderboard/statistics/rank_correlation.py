"""Spearman's rank correlation, with its interval over the items that are ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, inf, sqrt, tanh

from scipy.stats import norm, spearmanr

FEWEST = 5
"""Items below which an interval of a correlation says nothing."""


@dataclass(frozen=True)
class RankCorrelation:
    """How alike two lists of scores order the same items: -1 reversed, 0 unrelated, 1 alike."""

    value: float
    low: float
    high: float
    items: int


def rank_correlation(
    first: Sequence[float], second: Sequence[float], confidence: float = 0.95
) -> RankCorrelation:
    """Return Spearman's rho of two scores of each item, and its interval.

    The interval is Fisher's z with the variance of Bonett and Wright (2000, Psychometrika 65,
    eq. 12): it is over items, as if these were drawn from many. What other seeds would change is
    in it only by the noise of the scores themselves, which pulls rho towards 0.

    Raises:
        ValueError: lists of different length, or of fewer than five items.

    """
    if len(first) != len(second) or len(first) < FEWEST:
        raise ValueError(f"{FEWEST} items or more, each with two scores")
    value = float(spearmanr(first, second).statistic)
    at = atanh(value) if abs(value) < 1 else inf * value
    half = norm.ppf((1 + confidence) / 2) * sqrt((1 + value**2 / 2) / (len(first) - 3))
    return RankCorrelation(value, tanh(at - half), tanh(at + half), len(first))
