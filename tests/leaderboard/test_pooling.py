"""The mean difference of several pairs of rows, and its interval."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.leaderboard.statistics import (
    Array,
    Interval,
    MeanScore,
    draw_seeds,
    pooled_difference,
    resample,
)

DRAWS = 60
NAN = float("nan")


class Row(NamedTuple):
    """Scores ``(seeds, queries)``, NaN for a seed it lacks or an excluded query."""

    scores: Array
    pids: list[int]
    test_set: int

    @property
    def mean(self) -> MeanScore:
        return resample(self.pids, draws=DRAWS, test_set=self.test_set).mean_score(self.scores)


Pairs = list[tuple[Row, Row]]


def row(seed: int, seeds: int, pids: list[int], test_set: int = 0) -> Row:
    scores = np.random.default_rng(seed).uniform(0, 1, (seeds, len(pids)))
    return Row(scores, pids, test_set)


@st.composite
def cases(draw: st.DrawFn) -> Pairs:
    """Pairs on one or two test sets, with seeds missing here and there."""
    seeds = draw(st.integers(1, 3))
    whose = [draw(st.lists(st.integers(0, 4), min_size=2, max_size=6)) for _ in range(2)]
    pairs = []
    for number in range(draw(st.integers(1, 4))):
        sides = [
            row(100 * number + side + draw(st.integers(0, 9)), seeds, whose[on], on)
            for side, on in enumerate(draw(st.tuples(st.integers(0, 1), st.integers(0, 1))))
        ]
        missing = draw(st.sets(st.integers(0, seeds - 1), max_size=seeds - 1))
        sides[draw(st.integers(0, 1))].scores[list(missing)] = NAN
        pairs.append((sides[0], sides[1]))
    return pairs


def pooled(pairs: Pairs) -> Interval:
    interval = pooled_difference([(first.mean, second.mean) for first, second in pairs])
    assert interval is not None
    return interval


def mean_of(row: Row, seed: int, draw: int | None) -> float:
    """Average the queries of the identities drawn, or all of them, one at a time."""
    names = sorted(set(row.pids))
    counts = resample(row.pids, draws=DRAWS, test_set=row.test_set).counts
    times = dict(zip(names, counts[draw], strict=True)) if draw is not None else {}
    return fmean(
        [
            row.scores[seed][query]
            for query, pid in enumerate(row.pids)
            for _ in range(int(times.get(pid, 0)) if draw is not None else 1)
        ]
    )


def lacks(pair: tuple[Row, Row], seed: int) -> bool:
    return any(math.isnan(side.scores[seed][0]) for side in pair)


def slow_means(pairs: Pairs) -> Iterator[float]:
    """Yield the mean difference of every draw: over pairs, each over its seeds that were drawn."""
    seeds = [s for s in range(len(pairs[0][0].scores)) if not all(lacks(p, s) for p in pairs)]
    for draw, drawn in enumerate(draw_seeds(len(seeds), DRAWS)):
        of_pairs = []
        for pair in pairs:
            found = [seeds[index] for index in drawn if not lacks(pair, seeds[index])]
            first, second = pair
            of_seeds = [mean_of(first, s, draw) - mean_of(second, s, draw) for s in found]
            of_pairs += [fmean(of_seeds)] if of_seeds else []
        if of_pairs:
            yield fmean(of_pairs)


def slow_mean(pairs: Pairs) -> float:
    seeds = range(len(pairs[0][0].scores))
    return fmean(
        fmean(
            mean_of(pair[0], s, None) - mean_of(pair[1], s, None)
            for s in seeds
            if not lacks(pair, s)
        )
        for pair in pairs
    )


def quantile(values: list[float], share: float) -> float:
    ordered, at = sorted(values), share * (len(values) - 1)
    low, high = ordered[math.floor(at)], ordered[math.ceil(at)]
    return low + (high - low) * (at - math.floor(at))


@given(cases())
@settings(max_examples=40)
def test_pooling_is_what_loops_over_the_same_draws_compute(pairs: Pairs) -> None:
    interval, draws = pooled(pairs), list(slow_means(pairs))
    assert interval.mean == pytest.approx(slow_mean(pairs), abs=1e-9)
    assert interval.low == pytest.approx(quantile(draws, 0.025), abs=1e-9)
    assert interval.high == pytest.approx(quantile(draws, 0.975), abs=1e-9)


def raised(row: Row, by: float | Array) -> Row:
    return row._replace(scores=row.scores + by)


def assert_close(a: Interval, b: Interval) -> None:
    assert [a.low, a.high, a.mean] == pytest.approx([b.low, b.high, b.mean], abs=1e-9)


@given(cases())
@settings(max_examples=40)
def test_swapping_rows_and_counterparts_mirrors_the_interval(pairs: Pairs) -> None:
    there, back = pooled(pairs), pooled([(second, first) for first, second in pairs])
    assert_close(back, Interval(-there.high, -there.low, -there.mean))


@given(cases(), st.floats(-0.5, 0.5))
@settings(max_examples=40)
def test_a_constant_added_to_all_scores_changes_nothing(pairs: Pairs, constant: float) -> None:
    shifted = [(raised(first, constant), raised(second, constant)) for first, second in pairs]
    assert_close(pooled(shifted), pooled(pairs))


@given(cases(), st.floats(-0.5, 0.5))
@settings(max_examples=40)
def test_a_constant_added_to_the_rows_moves_the_interval_by_it(
    pairs: Pairs, constant: float
) -> None:
    shifted = [(raised(first, constant), second) for first, second in pairs]
    there, moved = pooled(pairs), pooled(shifted)
    assert_close(moved, Interval(*(end + constant for end in (there.low, there.high, there.mean))))


@given(cases())
@settings(max_examples=30)
def test_the_order_of_pairs_does_not_matter(pairs: Pairs) -> None:
    assert_close(pooled(pairs[::-1]), pooled(pairs))


@given(cases())
@settings(max_examples=30)
def test_a_pair_counted_twice_is_no_more_evidence(pairs: Pairs) -> None:
    assert_close(pooled(pairs + pairs), pooled(pairs))


def test_pairs_without_a_seed_in_common_have_no_difference() -> None:
    pids = [0, 1]
    first, second = row(1, 2, pids), row(2, 2, pids)
    first.scores[0] = second.scores[1] = NAN
    assert pooled_difference([(first.mean, second.mean)]) is None


def spread(pairs: Pairs) -> float:
    interval = pooled(pairs)
    return interval.high - interval.low


def test_identities_of_one_test_set_are_drawn_once_for_all_pairs() -> None:
    # Who is in the test set helps one row of a pair as much as it harms the row of the other.
    pids = list(range(40))
    first, second = row(1, 1, pids), row(2, 1, pids)
    assert spread([(first, second), (second, first)]) == pytest.approx(0, abs=1e-9)


def test_identities_of_different_test_sets_are_drawn_apart() -> None:
    pids = list(range(40))
    first, second = row(1, 1, pids), row(2, 1, pids)
    elsewhere = (second._replace(test_set=1), first._replace(test_set=1))
    alone, apart = spread([(first, second)]), spread([(first, second), elsewhere])
    assert apart == pytest.approx(alone / math.sqrt(2), rel=0.5)
    assert apart > 0.2 * alone


def test_a_seed_is_drawn_for_all_pairs_at_once() -> None:
    # Two test sets do not make a lucky seed less lucky.
    lucky = np.array([[0.1], [-0.1]])
    pairs = []
    for on in (0, 1):
        second = row(1, 2, list(range(20)), on)
        pairs.append((raised(second, lucky), second))
    assert_close(pooled(pairs), pooled(pairs[:1]))
    assert spread(pairs) == pytest.approx(0.2)


def test_test_sets_of_the_same_people_have_other_draws() -> None:
    pids = list(range(10))
    counts = [resample(pids, draws=DRAWS, test_set=number).counts for number in (0, 0, 1)]
    assert (counts[0] == counts[1]).all()
    assert (counts[0] != counts[2]).any()


def test_one_of_many_intervals_that_may_decide_is_wider_and_one_alone_is_not() -> None:
    rng = np.random.default_rng(0)
    draws = resample([query // 2 for query in range(100)])
    first, second = (draws.mean_score(rng.uniform(0, 1, (2, 100))) for _ in range(2))
    pair = [(first, second)]
    alone, same, among = (
        pooled_difference(pair),
        pooled_difference(pair, comparisons=1),
        pooled_difference(pair, comparisons=20),
    )
    assert alone is not None and among is not None
    assert same == alone
    assert among.low < alone.low < alone.mean < alone.high < among.high
    assert among.mean == alone.mean


def test_twenty_comparisons_of_equals_refute_about_as_seldom_as_one() -> None:
    pids = [query // 2 for query in range(60)]
    wrong = 0
    for trial in range(60):
        rng = np.random.default_rng(trial)
        draws = resample(pids, draws=1500)
        base = draws.mean_score(rng.normal(0.5, 0.1, (1, 60)))
        rows = [draws.mean_score(rng.normal(0.5, 0.1, (1, 60))) for _ in range(20)]
        intervals = [pooled_difference([(row, base)], comparisons=20) for row in rows]
        wrong += any(it.high < 0 for it in intervals if it is not None)
    assert wrong <= 9  # uncorrected, about half of the trials
