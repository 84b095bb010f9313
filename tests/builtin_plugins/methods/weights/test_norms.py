"""L1, L2 and FPGM: golden vectors, and slow loops in float64."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.api import Method
from reidbench_plugins.methods.weights.fpgm import Fpgm
from reidbench_plugins.methods.weights.l1 import L1
from reidbench_plugins.methods.weights.l2 import L2
from tests.builtin_plugins.methods.fakes import CONVS, by_hand, conv, scored
from tests.builtin_plugins.methods.weights.filters import FILTERS


def slow_l1(weight: list[list[float]]) -> list[float]:
    return [math.fsum(abs(w) for w in row) for row in weight]


def slow_l2(weight: list[list[float]]) -> list[float]:
    return [math.sqrt(math.fsum(w * w for w in row)) for row in weight]


def slow_fpgm(weight: list[list[float]]) -> list[float]:
    return [math.fsum(math.dist(row, other) for other in weight) for row in weight]


SLOW = {L1: slow_l1, L2: slow_l2, Fpgm: slow_fpgm}
EACH = pytest.mark.parametrize("method", SLOW)


def test_the_golden_filters_score_their_l1_norm() -> None:
    assert scored(L1(), FILTERS).tolist() == [7, 7, 1, 2]


def test_the_golden_filters_score_their_l2_norm() -> None:
    assert scored(L2(), FILTERS).tolist() == [5, 5, 1, 2]


def test_fpgm_sees_signs_and_removes_the_golden_filter_in_the_middle() -> None:
    expected = torch.tensor([18.5952, 22.0600, 11.1290, 11.5262])
    torch.testing.assert_close(scored(Fpgm(), FILTERS), expected, atol=5e-5, rtol=0)


@EACH
@pytest.mark.parametrize("name", CONVS)
def test_it_agrees_with_loops(method: type[Method], name: str) -> None:
    weight = conv(name)
    expected = by_hand(SLOW[method](weight.double().tolist()))
    torch.testing.assert_close(scored(method(), weight).double(), expected, rtol=1e-5, atol=1e-6)


@EACH
def test_equal_filters_score_exactly_equal(method: type[Method]) -> None:
    assert len(set(scored(method(), conv("all equal")).tolist())) == 1


@pytest.mark.parametrize("method", [L1, L2])
def test_a_dead_channel_scores_lowest_by_norm(method: type[Method]) -> None:
    scores = scored(method(), conv("a dead channel"))
    assert (scores.argmin().item(), scores.min().item()) == (1, 0)


def test_a_lone_filter_has_nobody_to_be_far_from() -> None:
    assert scored(Fpgm(), conv("one channel left")).tolist() == [0]


@EACH
@settings(max_examples=25)
@given(order=st.permutations(range(7)))
def test_scores_follow_their_channels_wherever_they_stand(
    method: type[Method], order: list[int]
) -> None:
    weight = conv("3x3")
    torch.testing.assert_close(scored(method(), weight[order]), scored(method(), weight)[order])
