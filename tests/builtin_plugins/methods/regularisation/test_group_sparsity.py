"""DepGraph's group sparsity: γ, the gradient on every coupled slice, and the group norm."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reidbench_plugins.methods.regularisation.group_sparsity import GroupSparsity, shrinkages
from tests.builtin_plugins.methods.fakes import CONVS, FakeGroup, conv, scored
from tests.builtin_plugins.methods.regularisation.training import (
    FakePhase,
    FakeStep,
    leaf,
    penalty_gradients,
)


def test_golden_gamma() -> None:
    assert shrinkages(torch.tensor([0.0, 1, 2, 4]), 4).tolist() == pytest.approx([16, 8, 4, 1])


@pytest.mark.parametrize("importance", [[3.0], [2.0, 2, 2], [0.0, 0, 0], [1e-30, 2e-30]])
def test_equally_important_channels_shrink_alike(importance: list[float]) -> None:
    assert shrinkages(torch.tensor(importance), 4).tolist() == [1.0] * len(importance)


def group(seed: int = 0, channels: int = 6) -> tuple[FakeGroup, list[Tensor]]:
    parts = [leaf(channels, size, seed=seed + size) for size in (5, 1, 3)]
    return FakeGroup(parts[0], coupled=parts), parts


def slow_norms(parts: list[Tensor]) -> list[float]:
    return [
        math.sqrt(math.fsum(w * w for part in parts for w in part[k].tolist()))
        for k in range(len(parts[0]))
    ]


@settings(max_examples=30)
@given(st.integers(0, 999), st.floats(0, 1), st.floats(0, 16))
def test_the_gradient_on_every_slice_is_the_authors(
    seed: int, strength: float, alpha: float
) -> None:
    one, parts = group(seed)
    method = GroupSparsity(strength=strength, alpha=alpha)
    found = penalty_gradients(method, FakeStep([one]), parts)
    values = slow_norms(parts)
    high, low = max(values), min(values)
    gamma = [2 ** (alpha * (high - value) / (high - low)) for value in values]
    for slope, part in zip(found, parts, strict=True):
        shrinkage = torch.tensor(gamma, dtype=torch.float64)[:, None]
        torch.testing.assert_close(slope, strength * shrinkage * part.detach())


def test_groups_have_their_own_gamma() -> None:
    (one, parts), (two, others) = group(1), group(2)
    two.name = "two"
    method = GroupSparsity()
    both = penalty_gradients(method, FakeStep([one, two]), [*parts, *others])
    alone = [
        *penalty_gradients(method, FakeStep([one]), parts),
        *penalty_gradients(method, FakeStep([two]), others),
    ]
    for slope, wanted in zip(both, alone, strict=True):
        torch.testing.assert_close(slope, wanted)


def test_scores_are_group_norms_over_the_layer_s_largest() -> None:
    one, parts = group(3)
    expected = torch.tensor(slow_norms(parts), dtype=torch.float64)
    torch.testing.assert_close(scored(GroupSparsity(), one), expected / expected.max())
    assert not scored(GroupSparsity(), one).requires_grad


@pytest.mark.parametrize("name", CONVS)
def test_every_kind_of_layer_has_finite_scores_and_gradients(name: str) -> None:
    weight = conv(name).requires_grad_()
    assert scored(GroupSparsity(), weight).max() == 1
    (slope,) = penalty_gradients(GroupSparsity(), FakeStep([FakeGroup(weight)]), [weight])
    assert slope.isfinite().all()


def test_a_dead_layer_scores_zero() -> None:
    assert scored(GroupSparsity(), torch.zeros(3, 2)).tolist() == [0, 0, 0]


def test_training_parts_weak_channels_from_strong_ones() -> None:
    plain, sparse = (FakePhase(GroupSparsity(strength=s), 0.5, 60, 1.0) for s in (0.0, 0.1))
    for phase in (plain, sparse):
        phase.train(60)
    before, after = (phase.weight.detach().norm(dim=1) for phase in (plain, sparse))
    weak, strong = before.argmin(), before.argmax()
    assert after[weak] / after[strong] < 0.6 * before[weak] / before[strong]


def test_nothing_in_scope_means_no_penalty() -> None:
    assert GroupSparsity().penalty(FakeStep([])) is None


@pytest.mark.parametrize("option", ["strength", "alpha"])
def test_a_negative_option_is_refused(option: str) -> None:
    with pytest.raises(ValueError, match=f"'{option}' is -1; choose 0 or more"):
        GroupSparsity(**{option: -1})
