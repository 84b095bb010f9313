"""Spearman's rho by the book, and an interval that holds the true one as often as it says."""

from __future__ import annotations

from math import asin, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.leaderboard.statistics.rank_correlation import rank_correlation

VALUES = st.lists(st.integers(-5, 5), min_size=5, max_size=12)


def slow_rho(first: list[int], second: list[int]) -> float:
    """Pearson's correlation of average ranks, each found by counting."""
    ranks = [[_rank(value, values) for value in values] for values in (first, second)]
    means = [sum(its) / len(its) for its in ranks]
    apart = [[rank - mean for rank in its] for its, mean in zip(ranks, means, strict=True)]
    over = sum(a * b for a, b in zip(*apart, strict=True))
    return over / sqrt(sum(a * a for a in apart[0]) * sum(b * b for b in apart[1]))


def _rank(value: int, values: list[int]) -> float:
    return sum(it < value for it in values) + (sum(it == value for it in values) + 1) / 2


@given(VALUES, st.randoms(use_true_random=False))
def test_it_is_pearsons_of_the_ranks(first: list[int], random: object) -> None:
    second = list(first)
    random.shuffle(second)  # type: ignore[attr-defined]
    if len(set(first)) == 1:
        return
    assert rank_correlation(first, second).value == pytest.approx(slow_rho(first, second))


@pytest.mark.parametrize("true", [0.0, 0.5, 0.8])
@pytest.mark.parametrize("items", [10, 26])
def test_the_interval_holds_the_true_correlation(true: float, items: int) -> None:
    rng, times = np.random.default_rng(items), 400
    of_ranks = 6 / pi * asin(true / 2)  # Spearman's, of normal values
    held = 0
    for _ in range(times):
        one, noise = rng.normal(size=(2, items))
        found = rank_correlation(one, true * one + sqrt(1 - true**2) * noise)
        held += found.low <= of_ranks <= found.high
    assert 0.92 <= held / times <= 0.985


def test_one_order_and_its_reverse_have_no_interval() -> None:
    same = rank_correlation([1, 2, 3, 4, 5], [2, 4, 6, 8, 9])
    assert (same.value, same.low, same.high) == pytest.approx((1, 1, 1))
    assert rank_correlation([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]).high == pytest.approx(-1)


@pytest.mark.parametrize("second", [[1, 2, 3, 4], [1, 2, 3]])
def test_few_items_and_unequal_lists_are_refused(second: list[float]) -> None:
    with pytest.raises(ValueError, match="5 items or more"):
        rank_correlation([1, 2, 3, 4], second)
