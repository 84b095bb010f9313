"""What a method adds to a training step: a penalty, and a look at the gradients."""

from __future__ import annotations

import pytest
import torch

from reidbench.api import CannotScore
from reidbench.errors import MethodError
from tests.engine.phases.criteria import ByNorm
from tests.engine.phases.world import STEPS, method


class Recorder(ByNorm):
    """Note every step the method is asked about."""

    def __init__(self):
        super().__init__()
        self.asked, self.progress, self.sizes, self.gradients = [], [], [], []

    def penalty(self, task):
        self.asked.append(task.done)
        self.progress.append(task.progress)
        return

    def after_step(self, task):
        self.sizes.append([group.size for group in task.groups])
        self.gradients.append([group.gradient for group in task.groups])


class Weighs(ByNorm):
    """Add a multiple of the sum of all weights: a gradient known exactly."""

    def __init__(self, strength):
        super().__init__()
        self.strength = strength

    def penalty(self, task):
        return self.strength * sum(group.weight.sum() for group in task.groups)


def begin(world, own, strategy="regularised", **changes):
    return world.begin(world.prune(method("ByNorm", strategy), **changes), own)


@pytest.mark.parametrize(
    ("strategy", "asked"),
    [("one-shot", 0), ("regularised", STEPS // 2), ("progressive", STEPS // 2), ("iterative", 4)],
)
def test_a_method_is_asked_in_every_step_until_the_target_is_met(world, strategy, asked):
    own = Recorder()
    begin(world, own, strategy).run()
    assert own.asked == list(range(asked))
    assert len(own.sizes) == asked


def test_progress_runs_to_one_over_the_active_steps(world):
    own = Recorder()
    begin(world, own).run()
    assert own.progress == [step / 6 for step in range(1, 7)]


def test_a_step_shows_the_network_as_it_is_after_every_cut(world):
    own = Recorder()
    phase = begin(world, own, "iterative", reduction=0.6)
    phase.run()
    assert own.sizes[0] == own.sizes[1] != own.sizes[2] == own.sizes[3]
    assert all(slope is not None for step in own.gradients for slope in step)


def test_a_penaltys_gradient_is_added_to_the_losss(world):
    slopes = []
    for strength in (0.0, 0.5):
        phase = begin(world, Weighs(strength))
        phase.train(1)
        weight = phase.prunable.network.backbone.block1.conv1.weight
        slopes.append(weight.grad.clone())
    torch.testing.assert_close(slopes[1], slopes[0] + 0.5)


def test_without_a_penalty_training_is_bit_for_bit_what_it_was(world):
    states = []
    for own in (ByNorm(), Recorder()):
        phase = begin(world, own)
        phase.train(3)
        states.append(phase.prunable.network.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_leaving_says_what_the_cut_would_take(world):
    seen = {}

    class Asks(ByNorm):
        def penalty(self, task):
            scores = {group.name: self.scores(group, task) for group in task.groups}
            seen.update(task.leaving(scores))
            return

    phase = begin(world, Asks(), reduction=0.6)
    phase.train(1)
    leaving = {name: int(flags.sum()) for name, flags in seen.items()}
    phase.cut(0.6)
    gone = {name: len(channels) for name, channels in phase.prunable.plan.dropped.items()}
    assert leaving == gone


@pytest.mark.parametrize(
    ("penalty", "said"),
    [
        (lambda task: torch.ones(2), r"must be a tensor \(\), one number, not \(2,\)"),
        (lambda task: 1.0, r"must be a tensor \(\), one number, not float"),
        (lambda task: torch.tensor(float("nan")), r"its penalty is nan at step 1; weaken it"),
    ],
)
def test_a_penalty_that_is_no_finite_number_is_refused(world, penalty, said):
    class Wrong(ByNorm):
        def penalty(self, task):
            return penalty(task)

    with pytest.raises(MethodError, match=said):
        begin(world, Wrong()).train(1)


def test_a_method_that_cannot_go_on_names_itself(world):
    class Stops(ByNorm):
        def penalty(self, task):
            raise CannotScore("no scale to shrink; use a network with batch norm")

    with pytest.raises(MethodError, match=r"method 'bynorm': no scale to shrink; use"):
        begin(world, Stops()).train(1)
