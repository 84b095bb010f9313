"""Taylor 2017: golden vector, slow loops, and a loss where first order is exact."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from reidbench_plugins.methods.maps.taylor import Taylor, saliency
from tests.builtin_plugins.methods.fakes import CONVS, by_hand, conv, observed, scored
from tests.builtin_plugins.methods.maps.examples import MAPS, pair


def slow(maps: Tensor, slopes: Tensor) -> list[float]:
    images, channels, height, width = maps.shape
    scores = []
    for j in range(channels):
        thetas = []
        for i in range(images):
            products = [
                maps[i, j, y, x].item() * slopes[i, j, y, x].item()
                for y in range(height)
                for x in range(width)
            ]
            thetas.append(abs(math.fsum(products) / (height * width)))
        scores.append(math.fsum(thetas) / images)
    return scores


def test_the_golden_maps_take_the_magnitude_after_positions_and_before_examples() -> None:
    scores = scored(Taylor(), *pair())
    torch.testing.assert_close(scores, torch.tensor([0.5, 0.75]))
    normalised = torch.tensor([0.5547, 0.8321])
    torch.testing.assert_close(scores / scores.norm(), normalised, atol=5e-5, rtol=0)


def test_the_golden_maps_with_the_magnitude_of_every_position() -> None:
    scores = scored(Taylor(absolute="position"), *pair())
    torch.testing.assert_close(scores, torch.tensor([1.0, 1.75]))


def test_an_unknown_magnitude_is_refused() -> None:
    with pytest.raises(ValueError, match="'absolute' is 'batch'; choose 'example' or 'position'"):
        Taylor(absolute="batch")


@pytest.mark.parametrize("name", CONVS)
def test_the_magnitudes_of_positions_agree_with_loops(name: str) -> None:
    group, task = observed(conv(name))
    products = (task.maps["conv"] * task.slopes["conv"]).flatten(2).tolist()
    expected = [
        math.fsum(abs(x) for image in products for x in image[j])
        / (len(products) * len(products[0][j]))
        for j in range(group.size)
    ]
    torch.testing.assert_close(scored(Taylor(absolute="position"), group, task), by_hand(expected))


@pytest.mark.parametrize("name", CONVS)
def test_it_agrees_with_loops(name: str) -> None:
    group, task = observed(conv(name))
    expected = by_hand(slow(task.maps["conv"], task.slopes["conv"]))
    torch.testing.assert_close(scored(Taylor(), group, task), expected)


def test_a_dead_channel_scores_zero() -> None:
    scores = scored(Taylor(), *observed(conv("a dead channel")))
    assert (scores == 0).tolist() == [False, True, False, False, False, False]


def test_it_is_the_exact_loss_change_where_the_loss_is_linear() -> None:
    torch.manual_seed(0)
    maps = torch.randn(1, 3, 4, 2, dtype=torch.float64, requires_grad=True)
    readout = torch.randn(3 * 8, dtype=torch.float64)
    loss = maps.flatten() @ readout
    (slopes,) = torch.autograd.grad(loss, maps)
    for channel in range(3):
        without = maps.detach().clone()
        without[:, channel] = 0
        change = (without.flatten() @ readout - loss.detach()).abs()
        torch.testing.assert_close(saliency(maps.detach(), slopes)[0, channel] * 8, change)


def test_layers_are_compared_by_their_norm() -> None:
    assert Taylor.normalisation == "l2"


def test_maps_without_gradients_are_refused() -> None:
    with pytest.raises(TypeError, match="needs the gradients"):
        saliency(MAPS, None)
