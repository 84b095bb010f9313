"""A method may ask what a cut would cost before it is made, and pass scores of its own."""

from __future__ import annotations

import pytest
import torch

from reidbench.api import CannotScore
from reidbench.engine.pruning.calibration import calibration_loss
from reidbench.errors import MethodError
from tests.engine.phases.criteria import ByNorm
from tests.engine.phases.world import method


class AsksLosses(ByNorm):
    """Ask for the losses that cuts by noise would leave."""

    def prepare(self, task):
        self.task_reduction = task.reduction
        self.losses = [
            (scores, task.loss_after(scores))
            for scores in (
                {group.name: torch.rand(group.size) for group in task.groups} for _ in range(3)
            )
        ]


@pytest.mark.parametrize("allocation", ["uniform", "global"])
def test_the_loss_after_a_cut_is_the_loss_after_that_cut(world, allocation):
    own = AsksLosses()
    asking = world.begin(world.prune(method("ByMaps", "one-shot", allocation)), own)
    asking.rank()
    for scores, loss in own.losses:
        cutting = world.begin(world.prune(method("ByMaps", "one-shot", allocation)))
        cutting.cut(0.5, scores)
        rules = cutting.node.protocol
        after = calibration_loss(cutting.just_cut, cutting.prunable.calibration, rules)
        assert loss == pytest.approx(after, rel=1e-6)
    assert len({loss for _, loss in own.losses}) == 3
    assert own.task_reduction == 0.5


def test_asking_leaves_the_network_as_it_is(world):
    phase = world.begin(world.prune(method("ByMaps")), AsksLosses())
    before = {name: value.clone() for name, value in phase.prunable.network.state_dict().items()}
    phase.rank()
    after = phase.prunable.network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert phase.achieved == 0


def test_a_phases_loss_is_that_of_the_recalibrated_network(world):
    phase = world.begin(world.prune())
    whole = phase.prunable.recalibrated()
    expected = calibration_loss(whole, phase.prunable.calibration, phase.node.protocol)
    assert phase.loss() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("act", ["cut", "soften"])
def test_scores_that_are_passed_in_are_checked_like_any(world, act):
    phase = world.begin(world.prune())
    some = {"block1.conv1": torch.rand(96)}
    with pytest.raises(MethodError, match=r"groups in scope differ in block2.conv1"):
        getattr(phase, act)(0.5, some)
    wrong = {**some, "block2.conv1": torch.rand(5)}
    with pytest.raises(MethodError, match=r"scores of 'block2.conv1' must be a tensor \(192,\)"):
        getattr(phase, act)(0.5, wrong)


def test_what_a_method_cannot_score_names_method_layer_and_cure(world):
    class Refuses(ByNorm):
        def scores(self, group, task):
            raise CannotScore("no ReLU follows; use scope 'inner'")

    phase = world.begin(world.prune(), Refuses())
    sentence = r"method 'bynorm' cannot score 'block1.conv1': no ReLU follows; use scope 'inner'"
    with pytest.raises(MethodError, match=sentence):
        phase.cut(0.5)


def test_soft_pruning_shrinks_by_the_methods_factor(world):
    class Decays(ByNorm):
        soft_factor = 0.25

    phase = world.begin(world.prune(method("ByNorm", "progressive")), Decays())
    before = phase.prunable.network.backbone.block1.conv1.weight.detach().clone()
    phase.soften(0.5)
    after = phase.prunable.network.backbone.block1.conv1.weight.detach()
    ratios = (after.flatten(1).norm(dim=1) / before.flatten(1).norm(dim=1)).round(decimals=4)
    assert sorted(set(ratios.tolist())) == [0.25, 1.0]
