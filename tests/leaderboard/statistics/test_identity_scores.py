"""What each person contributes to a row's score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidbench.leaderboard.statistics.identity_scores import Array, identity_scores
from tests.leaderboard.statistics.slow import by_identity

NAN = float("nan")


@st.composite
def cases(draw: st.DrawFn) -> tuple[Array, list[int]]:
    seeds, queries = draw(st.integers(1, 3)), draw(st.integers(1, 12))
    scores = np.random.default_rng(draw(st.integers(0, 999))).uniform(0, 1, (seeds, queries))
    excluded = draw(st.sets(st.integers(0, queries - 1), max_size=queries - 1))
    scores[:, list(excluded)] = NAN
    return scores, draw(st.lists(st.integers(0, 4), min_size=queries, max_size=queries))


@given(cases())
def test_it_is_what_loops_compute(case: tuple[Array, list[int]]) -> None:
    scores, pids = case
    for row, found in zip(scores, identity_scores(scores, pids), strict=True):
        expected = by_identity(row.tolist(), pids)
        assert found.tolist() == pytest.approx([expected[pid] for pid in sorted(expected)])


@given(cases())
def test_the_mean_over_people_is_the_mean_over_queries(case: tuple[Array, list[int]]) -> None:
    scores, pids = case
    assert identity_scores(scores, pids).mean(axis=1) == pytest.approx(np.nanmean(scores, axis=1))


@given(cases(), st.randoms())
def test_the_order_of_queries_does_not_matter(
    case: tuple[Array, list[int]], random: st.random_module
) -> None:
    scores, pids = case
    order = random.sample(range(len(pids)), len(pids))  # type: ignore[attr-defined]
    shuffled = identity_scores(scores[:, order], [pids[query] for query in order])
    assert shuffled == pytest.approx(identity_scores(scores, pids))


def test_an_excluded_query_counts_for_nothing_nor_does_a_person_without_another() -> None:
    scores = [[0.9, None, 0.8, 0.7, None]]
    found = identity_scores(scores, [0, 0, 1, 1, 2])
    assert found == pytest.approx(identity_scores([[0.9, 0.8, 0.7]], [0, 1, 1]))


def test_scores_of_other_queries_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 3\), not \(seeds, 2 queries\)"):
        identity_scores([[0.1, 0.2, 0.3]], [0, 1])
