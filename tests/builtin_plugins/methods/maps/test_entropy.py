"""Entropy of mean activations: golden vector, slow loops, and its bounds."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reidbench.api import CannotScore
from reidbench_plugins.methods.maps.entropy import Entropy, entropy
from tests.builtin_plugins.methods.fakes import (
    CONVS,
    FakeGroup,
    FakeTask,
    by_hand,
    conv,
    observed,
    scored,
)


def slow(values: Tensor, bins: int) -> list[float]:
    scores = []
    for column in values.T.tolist():
        low, high = min(column), max(column)
        counts = [0] * bins
        for value in column:
            place = (value - low) / (high - low) if high > low else 0
            counts[min(int(place * bins), bins - 1)] += 1
        shares = [count / len(column) for count in counts if count]
        scores.append(-math.fsum(p * math.log(p) for p in shares))
    return scores


def test_the_golden_columns() -> None:
    columns = torch.tensor([[0, 0, 0, 0, 4, 4, 4, 4], [1, 2, 3, 4, 1, 2, 3, 4], [5] * 8]).T.float()
    # A map whose mean is the column's number, and whose positions differ.
    maps = columns[:, :, None, None] * torch.tensor([0.5, 1.5])
    group = FakeGroup(torch.zeros(3, 1))
    task = FakeTask(groups=(group,), maps={"conv": maps}, batch=3)
    expected = by_hand([0.6931, 1.3863, 0])
    torch.testing.assert_close(scored(Entropy(bins=4), group, task), expected, atol=5e-5, rtol=0)


@pytest.mark.parametrize("activation", ["relu", "relu6", None])
@pytest.mark.parametrize("name", CONVS)
def test_it_agrees_with_loops(name: str, activation: str | None) -> None:
    group, task = observed(conv(name), images=23, batch=5, activation=activation)
    maps = task.maps["conv"]
    shown = {"relu": maps.clamp(min=0), "relu6": maps.clamp(0, 6), None: maps}[activation]
    expected = by_hand(slow(shown.mean(dim=(2, 3)), 4))
    torch.testing.assert_close(scored(Entropy(bins=4), group, task), expected)


def test_a_dead_channel_says_nothing() -> None:
    scores = scored(Entropy(), *observed(conv("a dead channel"), images=40))
    assert scores[1] == scores.min() == 0
    assert scores[0] > 0


@settings(max_examples=60)
@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40),
    st.integers(2, 100),
    st.sampled_from([2.0**-8, 1.0, 2.0**8]),
)
def test_entropy_is_bounded_by_bins_and_images_and_knows_no_unit(
    column: list[float], bins: int, scale: float
) -> None:
    values = torch.tensor(column, dtype=torch.float64)[:, None]
    found = entropy(values, bins).item()
    assert -1e-12 <= found <= math.log(min(bins, len(column))) + 1e-9
    # Powers of two scale without rounding, so that no value changes its bin.
    assert entropy(values * scale, bins).item() == found


def test_as_many_bins_as_images_make_different_channels_alike() -> None:
    values = torch.randn(32, 2, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 9.0])
    values[:, 1] = values[:, 1].abs().sqrt()
    few, many = (entropy(values, bins) for bins in (4, 4096))
    assert (few[0] - few[1]).abs() > 1e-3
    assert many.tolist() == pytest.approx([math.log(32)] * 2, abs=0.1)


@pytest.mark.parametrize("bins", [1, 0, -3])
def test_fewer_than_two_bins_are_refused(bins: int) -> None:
    with pytest.raises(ValueError, match=f"'bins' is {bins}; choose 2 or more"):
        Entropy(bins=bins)


def test_fewer_images_than_bins_are_refused() -> None:
    group, task = observed(conv("3x3"), images=15)
    with pytest.raises(CannotScore, match="15 calibration images cannot fill 16 bins"):
        scored(Entropy(), group, task)
    scored(Entropy(bins=15), group, task)


def test_a_channel_that_is_constant_but_for_rounding_says_nothing() -> None:
    values = torch.full((40, 1), 0.1)
    values[::2] = torch.nextafter(values[::2], torch.tensor(1.0))
    assert entropy(values, 16).item() == 0
