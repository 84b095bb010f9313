"""Auto-balanced filter pruning: λ, the two sets, and the balance between them."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reidbench_plugins.methods.regularisation.auto_balanced import AutoBalanced, factors, weakest
from tests.builtin_plugins.methods.fakes import CONVS, FakeGroup, conv, scored
from tests.builtin_plugins.methods.regularisation.training import (
    FakePhase,
    FakeStep,
    leaf,
    penalty_gradients,
)


def test_golden_factors() -> None:
    magnitudes = torch.tensor([1.0, 2, 4, 8], dtype=torch.float64)
    leaving = torch.tensor([True, True, False, False])
    expected = [2.3863, 1.6931, -1.0, -1.6931]
    assert factors(magnitudes, leaving, epsilon=0).tolist() == pytest.approx(expected, abs=5e-5)


def slow(weights: list[Tensor], leaving: list[Tensor], alpha: float) -> list[Tensor]:
    """The paper's formulas filter by filter: gradients 2αλW in P and 2τλW in R."""
    lambdas: list[list[float]] = []
    sums = {True: 0.0, False: 0.0}
    for weight, goes in zip(weights, leaving, strict=True):
        norms = [math.fsum(map(abs, row)) for row in weight.tolist()]
        theta = min(norm for norm, gone in zip(norms, goes.tolist(), strict=True) if not gone)
        lambdas.append([])
        for norm, gone, row in zip(norms, goes.tolist(), weight.tolist(), strict=True):
            value = 1 + math.log(theta / norm) if gone else -1 - math.log(norm / theta)
            lambdas[-1].append(value)
            sums[gone] += value * math.fsum(w * w for w in row)
    tau = min(-alpha * sums[True] / sums[False], alpha)
    return [
        2 * torch.where(goes, alpha, tau)[:, None] * torch.tensor(values)[:, None] * weight
        for weight, goes, values in zip(weights, leaving, lambdas, strict=True)
    ]


@settings(max_examples=30)
@given(st.integers(0, 999), st.floats(0.1, 0.9), st.floats(1e-5, 1))
def test_gradients_are_the_paper_s_on_random_filters(seed: int, share: float, alpha: float) -> None:
    weights = [leaf(7, 4, seed=seed), leaf(5, 3, seed=seed + 1)]
    groups = [FakeGroup(weight, name) for weight, name in zip(weights, "ab", strict=True)]
    step = FakeStep(groups, share=share)
    found = penalty_gradients(AutoBalanced(alpha=alpha), step, weights)
    leaving = step.leaving({g.name: g.weight.detach().abs().sum(1) for g in groups})
    expected = slow([w.detach() for w in weights], list(leaving.values()), alpha)
    for got, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(got, wanted.double(), rtol=1e-5, atol=1e-7)


def test_what_the_weak_lose_is_what_the_strong_gain() -> None:
    weight = leaf(9, 4)
    step = FakeStep([FakeGroup(weight)], share=0.4)
    penalty = AutoBalanced(alpha=1.0).penalty(step)
    assert penalty is not None
    assert abs(float(penalty.detach())) < 1e-9
    (slope,) = torch.autograd.grad(penalty, [weight])
    goes = step.leaving({"conv": weight.detach().abs().sum(1)})["conv"]
    along = (slope * weight.detach()).sum(dim=1)
    assert (along[goes] > 0).all()  # descent shrinks them
    assert (along[~goes] < 0).all()
    assert float(along.sum()) == pytest.approx(0, abs=1e-9)


@given(st.integers(1, 12), st.floats(0.01, 1))
def test_the_weak_set_grows_with_progress_up_to_all_that_leave(count: int, progress: float) -> None:
    magnitudes = torch.rand(15, generator=torch.Generator().manual_seed(count))
    leaving = torch.zeros(15, dtype=torch.bool)
    leaving[magnitudes.argsort()[:count]] = True
    chosen = weakest(leaving, magnitudes, progress)
    assert chosen.sum() == math.ceil(progress * count)
    assert magnitudes[chosen].max() <= magnitudes[~chosen].min()
    assert torch.equal(weakest(leaving, magnitudes, 1.0), leaving)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("name", CONVS)
def test_gradients_stay_finite_on_every_kind_of_layer(name: str, share: float) -> None:
    weight = conv(name).requires_grad_()
    step = FakeStep([FakeGroup(weight)], share=share)
    (slope,) = penalty_gradients(AutoBalanced(), step, [weight])
    assert slope.isfinite().all()


@pytest.mark.parametrize("kept", [0.0, 1e-30, 1e-6])
def test_a_nearly_dead_layer_is_never_blown_up(kept: float) -> None:
    weight = torch.tensor([[kept], [kept], [kept], [kept]]).requires_grad_()
    (slope,) = penalty_gradients(AutoBalanced(alpha=1.0), FakeStep([FakeGroup(weight)]), [weight])
    assert (slope.abs() <= 10 * weight.abs()).all()


def test_a_kept_layer_far_weaker_than_what_leaves_is_pushed_no_harder_than_that() -> None:
    groups = [FakeGroup(leaf(4, 3, seed=1), "strong"), FakeGroup(leaf(4, 3, seed=2), "weak")]
    groups[1].weight.data.mul_(1e-3)
    step = FakeStep(groups)
    step.leaving = lambda scores: {  # type: ignore[method-assign]
        "strong": torch.ones(4, dtype=torch.bool),
        "weak": torch.zeros(4, dtype=torch.bool),
    }
    slopes = penalty_gradients(AutoBalanced(alpha=1.0), step, [group.weight for group in groups])
    magnitudes = groups[1].weight.detach().abs().sum(dim=1)
    factor = factors(magnitudes, torch.zeros(4, dtype=torch.bool))
    torch.testing.assert_close(slopes[1], 2 * factor[:, None] * groups[1].weight.detach())


def test_long_training_keeps_the_strong_filters_in_bounds() -> None:
    phase = FakePhase(AutoBalanced(alpha=0.05), reduction=0.5, steps=400, active=1.0)
    before = phase.weight.detach().norm(dim=1)
    phase.train(400)
    assert phase.weight.norm(dim=1).max() < 1.5 * before.max()
    weak = before.argsort()[:5]
    assert (phase.weight.norm(dim=1)[weak] < before[weak]).all()


@pytest.mark.parametrize("name", CONVS)
def test_scores_are_l1_norms(name: str) -> None:
    expected = [math.fsum(map(abs, row)) for row in conv(name).double().tolist()]
    torch.testing.assert_close(scored(AutoBalanced(), conv(name)), torch.tensor(expected))


def test_nothing_in_scope_means_no_penalty() -> None:
    assert AutoBalanced().penalty(FakeStep([])) is None


def test_a_negative_alpha_is_refused() -> None:
    with pytest.raises(ValueError, match="'alpha' is -1; choose 0 or more"):
        AutoBalanced(alpha=-1)
