"""GReg-1: picks once, a penalty that grows and stays, and picks that stay at the bottom."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench_plugins.methods.regularisation.greg import Greg1
from tests.builtin_plugins.methods.fakes import CONVS, FakeGroup, conv, scored
from tests.builtin_plugins.methods.regularisation.training import (
    FakePhase,
    FakeStep,
    leaf,
    lowest,
    penalty_gradients,
)


@settings(max_examples=30)
@given(st.integers(0, 999), st.floats(0.01, 1), st.floats(0, 5))
def test_the_gradient_is_lambda_times_the_weight_on_the_picks_alone(
    seed: int, progress: float, ceiling: float
) -> None:
    weight = leaf(8, 4, seed=seed)
    method = Greg1(ceiling=ceiling)
    (slope,) = penalty_gradients(method, FakeStep([FakeGroup(weight)], progress), [weight])
    picked = lowest(weight.detach().abs().sum(dim=1), 0.5)
    growth = ceiling * min(1, progress * 9 / 5)
    torch.testing.assert_close(slope, growth * picked[:, None] * weight.detach())


def test_the_strength_grows_linearly_then_settles() -> None:
    method = Greg1(ceiling=2.0, ramp=0.5)
    found = [method.strength(progress) for progress in (0.125, 0.25, 0.5, 0.75, 1.0)]
    assert found == pytest.approx([0.5, 1, 2, 2, 2])


def test_fifty_of_the_authors_ninety_thousand_iterations_are_the_ramp() -> None:
    assert Greg1().strength(25 / 90) == pytest.approx(0.5)
    assert Greg1().strength(50 / 90) == pytest.approx(1)


def test_filters_are_picked_once() -> None:
    method, weight = Greg1(), leaf(6, 3)
    step = FakeStep([FakeGroup(weight)])
    first = penalty_gradients(method, step, [weight])[0].any(dim=1)
    with torch.no_grad():
        weight[first] *= 100  # no longer the smallest
    second = penalty_gradients(method, step, [weight])[0].any(dim=1)
    assert torch.equal(first, second)
    assert len(step.asked) == 1


def test_the_picks_leave_even_if_others_became_smaller() -> None:
    method, weight = Greg1(), leaf(6, 3)
    picked = penalty_gradients(method, FakeStep([FakeGroup(weight)]), [weight])[0].any(dim=1)
    grown = weight.detach() * torch.where(picked, 50.0, 0.01)[:, None]
    scores = scored(method, grown)
    assert torch.equal(lowest(scores, 0.5), picked)
    assert (scores[picked] < 0).all()
    assert (scores[~picked] >= 0).all()  # picks of one layer lie below the rest of every other


def test_channels_that_went_in_between_mean_new_picks() -> None:
    method = Greg1()
    method.penalty(FakeStep([FakeGroup(leaf(6, 3))]))
    fewer = leaf(4, 3, seed=1)
    torch.testing.assert_close(scored(method, fewer.detach()), fewer.detach().abs().sum(dim=1))
    step = FakeStep([FakeGroup(fewer)])
    assert penalty_gradients(method, step, [fewer])[0].any(dim=1).sum() == 2


@pytest.mark.parametrize("name", CONVS)
def test_scores_are_l1_norms_before_any_pick_and_finite_after(name: str) -> None:
    method, weight = Greg1(), conv(name)
    torch.testing.assert_close(scored(method, weight), weight.abs().sum(dim=1))
    method.penalty(FakeStep([FakeGroup(weight)]))
    scored(method, weight)


def test_training_sinks_the_picks_and_the_cut_takes_exactly_them() -> None:
    phase = FakePhase(Greg1(ceiling=5.0), reduction=0.5, steps=60, active=0.5)
    going = lowest(phase.weight.detach().abs().sum(dim=1), 0.5)
    stays, before = phase.goal[~going].clone(), phase.goal.norm(dim=1)
    phase.train(phase.active_steps)
    sizes = phase.weight.detach().norm(dim=1)
    # Where the loss ½‖W - W_0‖² and λ/2‖W‖² balance: W_0 / (1 + λ).
    torch.testing.assert_close(sizes[going], before[going] / 6, rtol=1e-2, atol=0)
    torch.testing.assert_close(sizes[~going], before[~going])
    phase.cut(phase.reduction)
    torch.testing.assert_close(phase.goal, stays)


def test_nothing_in_scope_means_no_penalty() -> None:
    assert Greg1().penalty(FakeStep([])) is None


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"ceiling": -1.0}, "'ceiling' is -1.0; choose 0 or more"),
        ({"ramp": 0.0}, "'ramp' is 0.0; choose a share"),
        ({"ramp": 1.5}, "'ramp' is 1.5; choose a share"),
    ],
)
def test_a_bad_option_is_one_clear_sentence(options: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Greg1(**options)
