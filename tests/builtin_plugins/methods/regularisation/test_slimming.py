"""Network slimming: an L1 penalty on |γ|, and γ as the score."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidbench.api import CannotScore
from reidbench_plugins.methods.regularisation.slimming import Slimming
from tests.builtin_plugins.methods.fakes import FakeGroup, scored
from tests.builtin_plugins.methods.regularisation.training import (
    FakePhase,
    FakeStep,
    leaf,
    penalty_gradients,
)


@settings(max_examples=20)
@given(st.integers(0, 999), st.floats(0, 1))
def test_the_gradient_is_the_authors_s_times_the_sign(seed: int, strength: float) -> None:
    scales = [leaf(5, seed=seed), leaf(3, seed=seed + 1)]
    groups = [
        FakeGroup(leaf(len(scale), 2), name, norm_scale=scale.abs())
        for name, scale in zip("ab", scales, strict=True)
    ]
    slopes = penalty_gradients(Slimming(strength=strength), FakeStep(groups), scales)
    for scale, slope in zip(scales, slopes, strict=True):
        torch.testing.assert_close(slope, strength * scale.detach().sign())


def test_channels_without_a_norm_are_not_pushed() -> None:
    weight = leaf(4, 2)
    bare = FakeGroup(weight)
    assert Slimming().penalty(FakeStep([bare])) is None
    scale = leaf(2)
    step = FakeStep([bare, FakeGroup(leaf(2, 2), "b", norm_scale=scale.abs())])
    assert penalty_gradients(Slimming(), step, [weight, scale])[0].count_nonzero() == 0


def test_scores_are_the_scales_and_compare_between_layers_as_they_are() -> None:
    group = FakeGroup(torch.ones(3, 2), norm_scale=torch.tensor([0.3, 0.0, 0.7]))
    torch.testing.assert_close(scored(Slimming(), group), torch.tensor([0.3, 0.0, 0.7]))
    assert Slimming.normalisation == "none"


def test_a_layer_without_a_norm_cannot_be_scored() -> None:
    with pytest.raises(CannotScore, match="no norm scales"):
        scored(Slimming(), torch.ones(3, 2))


def test_training_with_the_penalty_shrinks_the_scales() -> None:
    before, after = (FakePhase(Slimming(strength=s), 0.5, 20) for s in (0.0, 0.5))
    for phase in (before, after):
        phase.train(20)
    assert after.weight[:, 0].abs().sum() < 0.9 * before.weight[:, 0].abs().sum()


def test_a_negative_strength_is_refused() -> None:
    with pytest.raises(ValueError, match="'strength' is -1; choose 0 or more"):
        Slimming(strength=-1)
