"""Sums are the same on every Python, also where ``sum`` makes up for rounding."""

from __future__ import annotations

from reidbench.leaderboard.statistics.addition import added


def test_rounding_is_kept_as_it_is_when_numbers_are_added_one_after_another() -> None:
    assert added([0.1] * 10) == 0.9999999999999999
    assert added([1e16, 1.0, -1e16]) == 0.0
    assert added(iter([2.5, 1])) == 3.5
    assert added([]) == 0.0
