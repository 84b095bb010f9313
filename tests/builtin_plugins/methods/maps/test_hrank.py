"""HRank: golden vector, exact ranks by elimination, and maps built to a rank."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench_plugins.methods.maps.hrank import HRank, ranks
from tests.builtin_plugins.methods.fakes import (
    CONVS,
    FakeGroup,
    FakeTask,
    by_hand,
    conv,
    observed,
    scored,
)


def slow_rank(matrix: list[list[float]]) -> int:
    """Return the rank by Gaussian elimination in exact fractions."""
    rows, rank = [[Fraction(v) for v in row] for row in matrix], 0
    for column in range(len(matrix[0])):
        pivot = next((r for r in rows[rank:] if r[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(rank, pivot)
        for at in range(rank + 1, len(rows)):
            factor = rows[at][column] / pivot[column]
            rows[at] = [a - factor * b for a, b in zip(rows[at], pivot, strict=True)]
        rank += 1
    return rank


def test_the_golden_map_has_rank_two() -> None:
    group = FakeGroup(torch.zeros(1, 1))
    maps = torch.tensor([[1.0, 2, 3], [2, 4, 6], [1, 0, 1]])[None, None]
    assert scored(HRank(), group, FakeTask(groups=(group,), maps={"conv": maps})).tolist() == [2]


@pytest.mark.parametrize("name", CONVS)
def test_it_agrees_with_elimination_on_the_activated_maps(name: str) -> None:
    group, task = observed(conv(name), images=4)
    maps = task.maps["conv"].clamp(min=0)
    expected = by_hand(
        [sum(slow_rank(m) for m in maps[:, j].tolist()) / 4 for j in range(group.size)]
    )
    torch.testing.assert_close(scored(HRank(), group, task).double(), expected)


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=6),
    st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_small_whole_numbers_have_their_exact_rank_at_any_scale(
    matrix: list[list[int]], scale: float
) -> None:
    maps = torch.tensor(matrix, dtype=torch.float64)[None, None] * scale
    assert ranks(maps, None).item() == slow_rank([[float(v) for v in row] for row in matrix])


@pytest.mark.parametrize("rank", range(9))
def test_rounding_in_float32_adds_no_rank(rank: int) -> None:
    torch.manual_seed(rank)
    maps = torch.randn(3, 5, 16, rank) @ torch.randn(3, 5, rank, 8)
    assert ranks(maps, None).eq(rank).all()


def test_a_dead_channel_has_rank_zero() -> None:
    scores = scored(HRank(), *observed(conv("a dead channel")))
    assert (scores.argmin().item(), scores.min().item()) == (1, 0)
