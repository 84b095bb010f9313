"""Which ranks a row may have."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reidbench.leaderboard.statistics.rank_sets import RankSet, rank_sets
from tests.leaderboard.statistics.slow import slow_rank_sets


@st.composite
def relations(draw: st.DrawFn) -> list[list[bool]]:
    """Who beats whom: by scores, and by a margin that differs from pair to pair."""
    score = draw(st.lists(st.floats(0, 1), min_size=1, max_size=8))
    margin = Random(draw(st.integers(0, 99)))
    clear = {(a, b): margin.random() for b in range(len(score)) for a in range(b)}
    rows = range(len(score))
    return [
        [a != b and score[a] - score[b] > clear[min(a, b), max(a, b)] for b in rows] for a in rows
    ]


@given(relations())
def test_they_are_what_loops_compute(beats: list[list[bool]]) -> None:
    assert rank_sets(np.array(beats)) == slow_rank_sets(beats)


@given(relations())
def test_no_set_is_empty_or_beyond_the_table_and_a_row_may_be_best(beats: list[list[bool]]) -> None:
    sets = rank_sets(np.array(beats))
    assert all(1 <= it.best <= it.worst <= len(beats) for it in sets)
    assert any(it.may_be_best for it in sets)


@given(relations(), st.randoms())
def test_sets_belong_to_rows_whatever_their_order(beats: list[list[bool]], random: Random) -> None:
    order = random.sample(range(len(beats)), len(beats))
    there, shuffled = np.array(beats), np.array(beats)[np.ix_(order, order)]
    assert rank_sets(shuffled) == [rank_sets(there)[row] for row in order]


def test_a_clear_order_gives_single_ranks() -> None:
    assert rank_sets(np.triu(np.ones((3, 3), dtype=bool), 1)) == [(1, 1), (2, 2), (3, 3)]


def test_nothing_known_gives_every_rank_to_all() -> None:
    assert rank_sets(np.zeros((4, 4), dtype=bool)) == [(1, 4)] * 4


def test_nothing_to_rank_has_no_sets() -> None:
    assert rank_sets(np.zeros((0, 0), dtype=bool)) == []


def test_a_set_is_written_by_its_ends() -> None:
    assert (str(RankSet(4, 26)), str(RankSet(3, 3))) == ("4-26", "3")
