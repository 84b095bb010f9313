"""Intervals and rank sets are wrong as seldom as they say, on a few hundred simulated tables.

The bars have room for chance, one and a half points of coverage; the figures of more tables are in
docs/decisions/0021-rank-sets.md.
"""

from __future__ import annotations

import pytest

from tests.simulations.ranks import Intervals, Orders, beside_a_wild_row, simulate
from tests.simulations.tables import PUBLISHED

Simulated = tuple[Intervals, list[Orders]]


@pytest.fixture(scope="module", params=[(0.25, 5, 30), (0.5, 3, 60), (0.75, 2, 30)], ids=str)
def simulated(request: pytest.FixtureRequest) -> Simulated:
    reduction, seeds, tables = request.param
    return simulate(PUBLISHED[reduction], seeds, tables=tables)


def test_intervals_cover_as_often_as_they_say(simulated: Simulated) -> None:
    intervals, _ = simulated
    assert 94 <= intervals.coverage <= 98.5


def test_the_simulation_tells_intervals_that_do_not(simulated: Simulated) -> None:
    intervals, _ = simulated
    assert intervals.naive < 90


def test_equal_rows_are_hardly_ever_ordered(simulated: Simulated) -> None:
    _, truths = simulated
    assert all(it.equal_ordered < 1 for it in truths)


def test_few_tables_have_a_false_order(simulated: Simulated) -> None:
    _, (groups, equal) = simulated
    assert groups.false_tables <= 12
    assert equal.false_tables <= 30
    assert groups.wrong_sets < 1 and equal.best_missed <= 5


def test_true_orders_are_found_where_seeds_suffice() -> None:
    _, (few, _) = simulate(PUBLISHED[0.5], 2, tables=8)
    _, (many, _) = simulate(PUBLISHED[0.5], 10, tables=8)
    assert few.true_found < 70 < 85 < many.true_found


def test_one_row_that_trains_now_and_then_hardly_widens_the_intervals_of_others() -> None:
    noise = PUBLISHED[0.5]
    usual, _ = simulate(noise, 3, tables=20)
    beside = beside_a_wild_row(noise, 3, tables=20)
    assert 94 <= beside.coverage <= 99.5
    assert beside.half_width < 1.15 * usual.half_width
