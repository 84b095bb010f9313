"""APoZ: golden vector, slow loops, and no score where no ReLU follows."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from reidbench.api import CannotScore
from reidbench_plugins.methods.maps.apoz import Apoz
from tests.builtin_plugins.methods.fakes import (
    CONVS,
    FakeGroup,
    FakeTask,
    by_hand,
    conv,
    observed,
    scored,
)


def slow(maps: Tensor) -> list[float]:
    images, channels, height, width = maps.shape
    scores = []
    for j in range(channels):
        values = [v for i in range(images) for row in maps[i, j].tolist() for v in row]
        scores.append(-sum(1 for v in values if v <= 0) / (images * height * width))
    return scores


def test_the_golden_maps_and_more_zeros_go_first() -> None:
    maps = torch.tensor([[[0.0, 1], [0, 2]], [[3, 1], [2, 2]], [[0, 0], [0, 1]]])[None]
    group = FakeGroup(torch.zeros(3, 1))
    scores = scored(Apoz(), group, FakeTask(groups=(group,), maps={"conv": maps}))
    assert scores.tolist() == [-0.5, 0, -0.75]
    assert scores.argmin() == 2


@pytest.mark.parametrize("activation", ["relu", "relu6"])
@pytest.mark.parametrize("name", CONVS)
def test_it_agrees_with_loops_over_maps_before_the_relu(name: str, activation: str) -> None:
    group, task = observed(conv(name), activation=activation)
    expected = by_hand(slow(task.maps["conv"]))
    torch.testing.assert_close(scored(Apoz(), group, task).double(), expected)


def test_a_dead_channel_goes_first() -> None:
    scores = scored(Apoz(), *observed(conv("a dead channel")))
    assert (scores.argmin().item(), scores.min().item()) == (1, -1)


@pytest.mark.parametrize(
    ("activation", "sentence"),
    [(None, "no activation follows"), ("silu", "a silu follows, and zeros mean nothing without")],
)
def test_a_group_that_no_relu_follows_cannot_be_scored(
    activation: str | None, sentence: str
) -> None:
    with pytest.raises(CannotScore, match=sentence):
        scored(Apoz(), *observed(conv("3x3"), activation=activation))
