"""DepGraph's group norm: every tensor of a channel counts, over the mean of its group."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from reidbench_plugins.methods.weights.group_norm import GroupNorm
from tests.builtin_plugins.methods.fakes import CONVS, FakeGroup, by_hand, conv, scored
from tests.builtin_plugins.methods.weights.filters import FILTERS


def slow(coupled: list[Tensor]) -> list[float]:
    sums = [
        math.fsum(w * w for part in coupled for w in part[k].tolist())
        for k in range(len(coupled[0]))
    ]
    mean = math.fsum(sums) / len(sums)
    return [total / mean for total in sums]


def test_alone_the_golden_filters_score_their_squares_over_the_mean() -> None:
    assert scored(GroupNorm(), FILTERS).tolist() == pytest.approx(
        [s / 13.75 for s in (25, 25, 1, 4)]
    )


@pytest.mark.parametrize("name", CONVS)
def test_it_agrees_with_loops_over_filters_scales_and_the_next_layer_s_columns(name: str) -> None:
    weight = conv(name).double()
    scales, columns = (torch.randn(len(weight), n, dtype=torch.float64) for n in (1, 18))
    group = FakeGroup(weight, coupled=(weight, scales, columns))
    expected = by_hand(slow([weight, scales, columns]))
    torch.testing.assert_close(scored(GroupNorm(), group), expected)


def test_a_channel_the_next_layer_needs_outlives_a_larger_filter() -> None:
    weight, columns = torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [0.0]])
    scores = scored(GroupNorm(), FakeGroup(weight, coupled=(weight, columns)))
    assert scores[0] > scores[1]


def test_a_group_s_scale_does_not_matter() -> None:
    weight = conv("1x1")
    small, large = (scored(GroupNorm(), weight * scale) for scale in (1e-3, 1e3))
    torch.testing.assert_close(small, large)
    assert GroupNorm.normalisation == "none"


def test_equal_channels_score_one_and_a_group_of_zeros_scores_zero() -> None:
    torch.testing.assert_close(scored(GroupNorm(), conv("all equal")), torch.ones(30))
    assert scored(GroupNorm(), torch.zeros(3, 2)).tolist() == [0, 0, 0]
