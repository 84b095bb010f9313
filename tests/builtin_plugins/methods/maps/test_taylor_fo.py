"""Taylor 2019, both forms: golden vectors, slow loops, and autograd through real gates."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from reidbench_plugins.methods.maps.taylor_fo import TaylorFo, gate, weight
from tests.builtin_plugins.methods.fakes import (
    CONVS,
    FakeGroup,
    FakeTask,
    by_hand,
    conv,
    image_losses,
    observed,
    scored,
)
from tests.builtin_plugins.methods.maps.examples import MAPS, pair


def slow_gate(maps: Tensor, slopes: Tensor, batch: int) -> list[float]:
    scores = []
    for j in range(maps.shape[1]):
        total = 0.0
        for start in range(0, len(maps), batch):
            images = range(start, min(start + batch, len(maps)))
            products = [
                z * g
                for i in images
                for z, g in zip(maps[i, j].flatten(), slopes[i, j].flatten(), strict=True)
            ]
            total += math.fsum(products) ** 2 * len(images)
        scores.append(total / len(maps))
    return scores


def slow_weight(filters: Tensor, slopes: Tensor, batch: int) -> list[float]:
    starts = range(0, len(slopes), batch)
    scores = []
    for j in range(len(filters)):
        squares = [
            (w.item() * math.fsum(slopes[at : at + batch, j, k]) / len(slopes[at : at + batch]))
            ** 2
            for at in starts
            for k, w in enumerate(filters[j])
        ]
        scores.append(math.fsum(squares) / len(starts))
    return scores


def test_the_golden_maps_score_the_square_of_the_batch_s_sum() -> None:
    assert scored(TaylorFo(), *pair()).tolist() == [0, 1]


def test_the_golden_filters_score_the_sum_of_the_squares_not_the_square_of_the_sum() -> None:
    group = FakeGroup(torch.tensor([[1.0, -2.0], [0.5, 0.5]]))
    slopes = torch.tensor([[[0.1, 0.2], [1.0, -1.0]]])
    task = FakeTask(groups=(group,), weight_slopes={"conv": slopes})
    torch.testing.assert_close(
        scored(TaylorFo(form="weight"), group, task), torch.tensor([0.17, 0.5])
    )


def test_the_golden_filters_as_a_whole_score_the_square_of_the_sum() -> None:
    group = FakeGroup(torch.tensor([[1.0, -2.0], [0.5, 0.5]]))
    slopes = torch.tensor([[[0.1, 0.2], [1.0, -1.0]]])
    task = FakeTask(groups=(group,), weight_slopes={"conv": slopes})
    scores = scored(TaylorFo(form="filter"), group, task)
    torch.testing.assert_close(scores, torch.tensor([0.09, 0.0]))


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize("name", CONVS)
def test_both_forms_agree_with_loops(name: str, batch: int) -> None:
    group, task = observed(conv(name), batch=batch)
    expected = by_hand(slow_gate(task.maps["conv"], task.slopes["conv"], batch))
    torch.testing.assert_close(scored(TaylorFo(), group, task), expected)
    expected = by_hand(slow_weight(group.weight, task.weight_slopes["conv"], batch))
    torch.testing.assert_close(scored(TaylorFo(form="weight"), group, task), expected)


def test_the_gate_form_is_the_squared_gradient_of_a_real_gate() -> None:
    group, task = observed(conv("3x3"), images=4, batch=4)
    gates = torch.ones(group.size, dtype=torch.float64, requires_grad=True)
    loss = image_losses(task.maps["conv"] * gates[:, None, None]).mean()
    (slopes,) = torch.autograd.grad(loss, gates)
    torch.testing.assert_close(scored(TaylorFo(), group, task), slopes.square())


@pytest.mark.parametrize("form", ["gate", "weight"])
def test_a_dead_channel_scores_zero(form: str) -> None:
    scores = scored(TaylorFo(form=form), *observed(conv("a dead channel")))
    assert (scores == 0).tolist() == [False, True, False, False, False, False]


def test_the_batch_size_matters() -> None:
    singles, whole = (scored(TaylorFo(), *observed(conv("3x3"), batch=b)) for b in (1, 5))
    assert not torch.allclose(singles, whole)


def test_layers_are_compared_as_they_are() -> None:
    assert TaylorFo.normalisation == "none"


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match="'form' is 'both'; choose 'gate', 'weight' or 'filter'"):
        TaylorFo(form="both")


def test_maps_or_weights_without_gradients_are_refused() -> None:
    with pytest.raises(TypeError, match="gate needs the gradients"):
        gate(MAPS, None)
    with pytest.raises(TypeError, match="weights' forms need the gradients"):
        weight(FakeGroup(torch.zeros(2, 2)))
