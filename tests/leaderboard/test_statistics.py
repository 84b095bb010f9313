"""Means, intervals and ranks say no more than the data do."""

from __future__ import annotations

import math
from random import Random
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.leaderboard.statistics import (
    DRAWS,
    Array,
    Interval,
    QueryScores,
    Rank,
    Spread,
    draw_seeds,
    mean_sd,
    pooled_difference,
    ranks,
    resample,
)

FEW = 200
NAN = float("nan")


def noisy(mean: float, shape: tuple[int, int], seed: int, noise: float = 0.05) -> Array:
    return np.clip(np.random.default_rng(seed).normal(mean, noise, shape), 0, 1)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Array, Array, list[int]]:
    """Two rows on the same queries, some excluded for both, and whose the queries are."""
    seeds, queries = draw(st.integers(1, 3)), draw(st.integers(2, 12))
    a, b = (noisy(0.5, (seeds, queries), draw(st.integers(0, 99)), 0.2) for _ in range(2))
    excluded = draw(st.sets(st.integers(0, queries - 1), max_size=queries - 1))
    a[:, list(excluded)] = b[:, list(excluded)] = NAN
    pids = draw(st.lists(st.integers(0, 5), min_size=queries, max_size=queries))
    return a, b, pids


def difference(
    a: QueryScores, b: QueryScores, pids: list[int], draws: int = DRAWS
) -> Interval | None:
    draw = resample(pids, draws=draws)
    return pooled_difference([(draw.mean_score(a), draw.mean_score(b))])


def ranked(rows: list[QueryScores], pids: list[int], draws: int = DRAWS) -> list[Rank]:
    draw = resample(pids, draws=draws)
    return ranks([draw.mean_score(row) for row in rows])


def naive(a: Array, b: Array, pids: list[int], draws: int) -> tuple[float, float]:
    """Go through the drawn seeds, and all queries of the drawn identities, one at a time."""
    names = sorted(set(pids))
    differences = []
    pairs_of_draws = zip(resample(pids, draws=draws).counts, draw_seeds(len(a), draws), strict=True)
    for counts, seeds in pairs_of_draws:
        drawn = [
            query
            for name, count in zip(names, counts, strict=True)
            for query, pid in enumerate(pids)
            if pid == name
            for _ in range(int(count))
        ]
        of_seeds = []
        for seed in seeds:
            own = [a[seed][query] for query in drawn if not math.isnan(a[seed][query])]
            other = [b[seed][query] for query in drawn if not math.isnan(b[seed][query])]
            of_seeds.append(fmean(own) - fmean(other) if own else NAN)
        differences.append(fmean(of_seeds))
    whole = sorted(difference for difference in differences if not math.isnan(difference))
    return quantile(whole, 0.025), quantile(whole, 0.975)


def quantile(ordered: list[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    low, high = ordered[math.floor(at)], ordered[math.ceil(at)]
    return low + (high - low) * (at - math.floor(at))


def close(a: Interval | None, b: Interval | None) -> bool:
    assert a is not None
    assert b is not None
    return np.allclose([a.low, a.high, a.mean], [b.low, b.high, b.mean], atol=1e-12)


def test_the_standard_deviation_is_the_samples() -> None:
    assert mean_sd([1.0, 3.0]) == Spread(2.0, math.sqrt(2))


def test_one_seed_has_no_standard_deviation() -> None:
    assert mean_sd([0.5]) == Spread(0.5, None)


@given(pairs())
@settings(max_examples=40)
def test_the_bootstrap_is_what_a_loop_over_the_same_draws_computes(
    case: tuple[Array, Array, list[int]],
) -> None:
    a, b, pids = case
    interval = difference(a, b, pids, draws=50)
    assert interval is not None
    low, high = naive(a, b, pids, 50)
    assert interval.low == pytest.approx(low, abs=1e-9)
    assert interval.high == pytest.approx(high, abs=1e-9)
    assert interval.mean == pytest.approx(np.nanmean(a) - np.nanmean(b), abs=1e-9)


@given(pairs(), st.randoms())
@settings(max_examples=40)
def test_the_order_of_queries_does_not_matter(
    case: tuple[Array, Array, list[int]], random: Random
) -> None:
    a, b, pids = case
    queries = random.sample(range(a.shape[1]), a.shape[1])
    shuffled = difference(
        a[:, queries], b[:, queries], [pids[query] for query in queries], draws=FEW
    )
    assert close(shuffled, difference(a, b, pids, draws=FEW))


@given(pairs())
@settings(max_examples=40)
def test_the_difference_changes_its_sign_with_the_order_of_the_rows(
    case: tuple[Array, Array, list[int]],
) -> None:
    a, b, pids = case
    there, back = (difference(*rows, pids, draws=FEW) for rows in ((a, b), (b, a)))
    assert there is not None
    assert close(Interval(-there.high, -there.low, -there.mean), back)


def test_the_draws_are_the_same_every_time() -> None:
    a, b = noisy(0.5, (2, 30), 1), noisy(0.5, (2, 30), 2)
    pids = [query // 3 for query in range(30)]
    assert difference(a, b, pids) == difference(a, b, pids)


def test_every_draw_holds_as_many_identities_as_there_are() -> None:
    counts = resample([7, 7, 3, 9, 3], draws=FEW).counts
    assert counts.shape == (FEW, 3)
    assert (counts.sum(axis=1) == 3).all()


def test_every_draw_holds_as_many_seeds_as_are_shared() -> None:
    drawn = draw_seeds(3)
    assert drawn.shape == (DRAWS, 3)
    assert set(drawn.ravel()) == {0, 1, 2}
    assert (drawn == draw_seeds(3)).all()


def test_a_difference_that_changes_its_sign_with_the_seed_is_not_clear() -> None:
    a, pids = noisy(0.5, (3, 300), 1), list(range(300))
    b = a - np.array([[0.08], [0.02], [-0.06]])
    for seed in range(3):
        alone = difference(a[[seed]], b[[seed]], pids)
        assert alone is not None
        assert alone.above_zero or alone.high < 0
    together = difference(a, b, pids)
    assert together is not None
    assert together.low < 0 < together.mean < together.high
    assert ranked([a, b], pids) == [Rank(1, True)] * 2


def test_what_a_seed_does_to_both_rows_alike_does_not_widen_the_interval() -> None:
    a, pids = noisy(0.5, (3, 60), 1), list(range(60))
    a += np.array([[0.2], [0.0], [-0.2]])
    assert close(difference(a, a - 0.01, pids), Interval(0.01, 0.01, 0.01))


def test_an_excluded_query_counts_for_nothing() -> None:
    pids = [0, 0, 1, 1, 2]
    a, b = [[0.9, None, 0.8, 0.7, 0.6]], [[0.5, None, 0.4, 0.6, 0.1]]
    without = [[[row[0][i] for i in (0, 2, 3, 4)]] for row in (a, b)]
    fewer = difference(*without, [0, 1, 1, 2], draws=FEW)
    assert close(difference(a, b, pids, draws=FEW), fewer)


def test_queries_of_one_identity_are_not_taken_for_independent() -> None:
    a = noisy(0.5, (1, 20), 1, noise=0.2).repeat(30, axis=1)
    b = np.full_like(a, 0.5)
    together = difference(a, b, [query // 30 for query in range(600)])
    apart = difference(a, b, list(range(600)))
    assert together is not None
    assert apart is not None
    assert together.high - together.low > 3 * (apart.high - apart.low)


def test_only_the_seeds_of_both_rows_are_compared() -> None:
    a, b, pids = noisy(0.7, (3, 24), 1), noisy(0.5, (3, 24), 2), [q // 2 for q in range(24)]
    expected = difference(a[[1]], b[[1]], pids, draws=FEW)
    a[0] = b[2] = NAN
    assert close(difference(a, b, pids, draws=FEW), expected)


def test_rows_without_a_common_seed_have_no_difference() -> None:
    a, b = [[0.5, 0.6], [None, None]], [[None, None], [0.1, 0.2]]
    assert difference(a, b, [0, 1]) is None
    assert ranked([a, b], [0, 1]) == [Rank(1, True), Rank(1, True)]


def test_rows_on_other_queries_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 3\), not \(seeds, 2 queries\)"):
        difference([[0.1, 0.2, 0.3]], [[0.1, 0.2, 0.3]], [0, 1])


@pytest.mark.parametrize("copies", [2, 5])
def test_identical_rows_share_the_first_rank(copies: int) -> None:
    row, pids = noisy(0.5, (2, 60), 1), [query // 3 for query in range(60)]
    assert ranked([row] * copies, pids) == [Rank(1, True)] * copies


def test_rounding_does_not_tell_rows_apart() -> None:
    row, pids = noisy(0.5, (1, 60), 1), [query // 3 for query in range(60)]
    assert ranked([row, row + 1e-15], pids) == [Rank(1, True)] * 2


def test_a_clearly_better_row_ranks_first_and_alone() -> None:
    rows = [noisy(mean, (2, 120), seed) for seed, mean in enumerate((0.5, 0.9, 0.5, 0.2))]
    pids = [query // 3 for query in range(120)]
    assert ranked(rows, pids) == [
        Rank(2, True),
        Rank(1, False),
        Rank(2, True),
        Rank(4, False),
    ]


def test_a_noisy_row_ranks_no_better_than_the_rows_above_it() -> None:
    pids = list(range(120))
    best, second = noisy(0.7, (2, 120), 0, noise=0.02), noisy(0.6, (2, 120), 1, noise=0.02)
    shaky = noisy(0.55, (2, 120), 2) + np.array([[0.2], [-0.2]])
    told_apart = difference(best, shaky, pids)
    assert told_apart is not None
    assert not told_apart.above_zero
    assert ranked([shaky, best, second], pids) == [Rank(2, True), Rank(1, False), Rank(2, True)]


def test_a_small_but_consistent_difference_is_found_because_queries_are_paired() -> None:
    hard = np.linspace(0.1, 0.9, 60)[None, :]
    better = hard + np.random.default_rng(0).normal(0.01, 0.005, hard.shape)
    assert ranked([hard, better], list(range(60))) == [Rank(2, False), Rank(1, False)]


@given(st.lists(st.floats(0.2, 0.8), min_size=1, max_size=6), st.randoms())
@settings(max_examples=30)
def test_ranks_belong_to_rows_whatever_their_order(means: list[float], random: Random) -> None:
    rows = [noisy(mean, (2, 40), seed) for seed, mean in enumerate(means)]
    order = random.sample(range(len(rows)), len(rows))
    pids = [query // 2 for query in range(40)]
    places = ranked(rows, pids, draws=FEW)
    shuffled = ranked([rows[i] for i in order], pids, draws=FEW)
    assert shuffled == [places[i] for i in order]
    assert min(places).rank == 1


def test_equal_rows_are_told_apart_about_once_in_twenty_times() -> None:
    pids = [query // 2 for query in range(100)]
    wrong = 0
    for trial in range(200):
        a, b = noisy(0.5, (1, 100), 2 * trial), noisy(0.5, (1, 100), 2 * trial + 1)
        interval = difference(a, b, pids, draws=400)
        assert interval is not None
        wrong += interval.above_zero or interval.high < 0
    assert 2 <= wrong <= 24
