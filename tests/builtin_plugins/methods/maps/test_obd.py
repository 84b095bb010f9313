"""Optimal brain damage by the empirical Fisher: slow loops, and gradients of single images."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from reidbench_plugins.methods.maps.obd import Obd, damage
from tests.builtin_plugins.methods.fakes import (
    CONVS,
    FakeGroup,
    FakeTask,
    by_hand,
    conv,
    observed,
    scored,
)


def slow(filters: Tensor, slopes: Tensor) -> list[float]:
    scores = []
    for j in range(len(filters)):
        total = 0.0
        for k, w in enumerate(filters[j].tolist()):
            fisher = math.fsum(g**2 for g in slopes[:, j, k].tolist()) / len(slopes)
            total += w**2 * fisher / 2
        scores.append(total)
    return scores


@pytest.mark.parametrize("name", CONVS)
def test_it_agrees_with_loops(name: str) -> None:
    group, task = observed(conv(name))
    expected = by_hand(slow(group.weight, task.weight_slopes["conv"]))
    torch.testing.assert_close(scored(Obd(), group, task), expected)


def test_images_whose_gradients_cancel_still_count() -> None:
    group = FakeGroup(torch.tensor([[2.0], [2.0]]))
    slopes = torch.tensor([[[3.0], [0.0]], [[-3.0], [0.0]]])
    task = FakeTask(groups=(group,), weight_slopes={"conv": slopes}, batch=2)
    assert scored(Obd(), group, task).tolist() == [18, 0]


def test_the_batch_size_does_not_matter() -> None:
    scores = []
    for batch in (1, 5):
        group, task = observed(conv("3x3"), batch=batch)
        scores.append(scored(Obd(), group, task))
        assert task.batch == batch
    torch.testing.assert_close(*scores)


def test_layers_are_compared_as_they_are() -> None:
    assert Obd.normalisation == "none"


def test_weights_without_gradients_are_refused() -> None:
    with pytest.raises(TypeError, match="needs the gradients"):
        damage(FakeGroup(torch.zeros(2, 2)))
