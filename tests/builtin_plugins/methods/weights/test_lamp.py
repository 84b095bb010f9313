"""LAMP on filters: golden vector, slow loops, and its promise that no layer is emptied."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench_plugins.methods.weights.lamp import Lamp
from tests.builtin_plugins.methods.fakes import CONVS, by_hand, conv, scored
from tests.builtin_plugins.methods.weights.filters import FILTERS


def slow_lamp(weight: list[list[float]]) -> list[float]:
    squares = [math.fsum(w * w for w in row) for row in weight]
    scores = []
    for j, square in enumerate(squares):
        no_smaller = [s for i, s in enumerate(squares) if (s, i) >= (square, j)]
        scores.append(square / math.fsum(no_smaller))
    return scores


def test_the_golden_filters() -> None:
    expected = torch.tensor([0.5, 1, 0.0182, 0.0741])
    torch.testing.assert_close(scored(Lamp(), FILTERS), expected, atol=5e-5, rtol=0)


@pytest.mark.parametrize("name", CONVS)
def test_it_agrees_with_loops(name: str) -> None:
    weight = conv(name).double()
    torch.testing.assert_close(scored(Lamp(), weight), by_hand(slow_lamp(weight.tolist())))


@settings(max_examples=40)
@given(st.integers(0, 2**31), st.integers(1, 60), st.floats(1e-6, 1e6))
def test_the_largest_filter_of_a_layer_scores_one_whatever_the_layer_s_scale(
    seed: int, channels: int, scale: float
) -> None:
    weight = torch.randn(channels, 5, generator=torch.Generator().manual_seed(seed)) * scale
    scores = scored(Lamp(), weight)
    assert scores[weight.norm(dim=1).argmax()] == scores.max() == 1


def test_it_ranks_the_filters_of_one_layer_as_their_norms_do() -> None:
    weight = conv("more filters than cdist's exact limit")
    assert torch.equal(scored(Lamp(), weight).argsort(), weight.norm(dim=1).argsort())


def test_a_layer_of_zeros_scores_zero() -> None:
    assert scored(Lamp(), torch.zeros(4, 3)).tolist() == [0, 0, 0, 0]


def test_layers_are_compared_as_they_are() -> None:
    assert Lamp.normalisation == "none"
