"""Soft filter pruning, by norm and by distance: the criteria, and a rate that does not change."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from reidbench.api import Method
from reidbench_plugins.methods.progressive.sfp import Sfp
from reidbench_plugins.methods.progressive.soft_fpgm import SoftFpgm
from tests.builtin_plugins.methods.fakes import CONVS, conv, scored

FILTERS = torch.tensor([[3.0, 4.0], [-3.0, -4.0], [1.0, 0.0], [2.0, 0.0]])


def slow_l2(weight: list[list[float]]) -> list[float]:
    return [math.sqrt(math.fsum(w * w for w in row)) for row in weight]


def slow_distances(weight: list[list[float]]) -> list[float]:
    return [math.fsum(math.dist(row, other) for other in weight) for row in weight]


def test_golden_norms_and_distances() -> None:
    assert scored(Sfp(), FILTERS).tolist() == [5, 5, 1, 2]
    expected = torch.tensor([18.5952, 22.0600, 11.1290, 11.5262])
    torch.testing.assert_close(scored(SoftFpgm(), FILTERS), expected, atol=5e-5, rtol=0)


@pytest.mark.parametrize("name", CONVS)
@pytest.mark.parametrize(("method", "slow"), [(Sfp(), slow_l2), (SoftFpgm(), slow_distances)])
def test_criteria_agree_with_loops(method: Method, slow, name: str) -> None:  # type: ignore[no-untyped-def]
    weight: Tensor = conv(name)
    expected = torch.tensor(slow(weight.double().tolist()))
    torch.testing.assert_close(scored(method, weight), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", [Sfp(), SoftFpgm()])
def test_equal_filters_score_exactly_equal(method: Method) -> None:
    assert len(set(scored(method, conv("all equal")).tolist())) == 1


@given(st.floats(0.001, 1))
def test_the_whole_share_is_zeroed_from_the_first_round_on(progress: float) -> None:
    for method in (Sfp(), SoftFpgm()):
        assert method.pruned_share(progress) == 1
        assert method.soft_factor == 0
