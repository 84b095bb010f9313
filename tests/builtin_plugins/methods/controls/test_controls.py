"""The controls: random ones depend on the seed alone, and dense only trains."""

from __future__ import annotations

import pytest
import torch

from reidbench.api import Method
from reidbench_plugins.methods.controls.dense import Dense
from reidbench_plugins.methods.controls.random import Random
from reidbench_plugins.methods.controls.scratch import Scratch
from tests.builtin_plugins.methods.fakes import FakeTask, conv, scored

RANDOM = pytest.mark.parametrize("control", [Random, Scratch])


@RANDOM
def test_a_random_control_depends_on_the_trial_s_seed_alone(control: type[Method]) -> None:
    filters = conv("3x3")
    first = scored(control(), filters, FakeTask(seed=3))
    torch.rand(5)  # the global generator has no say
    assert torch.equal(first, scored(control(), -filters, FakeTask(seed=3)))
    assert not torch.equal(first, scored(control(), filters, FakeTask(seed=4)))


@RANDOM
def test_a_random_control_s_scores_are_uniform_and_differ_by_layer(control: type[Method]) -> None:
    task = FakeTask()
    first, second = (scored(control(), torch.zeros(4000, 1), task) for _ in range(2))
    assert not torch.equal(first, second)
    deciles = torch.histc(first, bins=10, min=0, max=1) / 400
    assert deciles.min() > 0.8
    assert deciles.max() < 1.2


@RANDOM
def test_a_random_control_s_scores_are_compared_between_layers_as_they_are(
    control: type[Method],
) -> None:
    assert control.normalisation == "none"


class Spent:
    """A prune phase that only counts steps."""

    steps = 30

    def __init__(self) -> None:
        self.calls: list[int] = []

    def train(self, steps: int) -> None:
        self.calls.append(steps)


def test_dense_trains_for_the_whole_phase_and_never_cuts() -> None:
    phase = Spent()  # has no cut(): asking for one would fail
    Dense().prune(phase)  # type: ignore[arg-type]
    assert phase.calls == [30]


def test_dense_ranks_nothing() -> None:
    with pytest.raises(NotImplementedError, match="Dense ranks no channels"):
        scored(Dense(), conv("3x3"))
