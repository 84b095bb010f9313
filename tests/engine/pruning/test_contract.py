"""What a method must be before it may begin."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from reidbench.api import Method
from reidbench.engine.pruning.contract import refuse_unsound
from reidbench.errors import MethodError
from reidbench.plan import ConfiguredMethod
from tests.engine.phases.criteria import ByNorm, Penalises
from tests.engine.phases.world import method


class Owns(ByNorm):
    def prune(self, phase):
        phase.cut(phase.reduction)


class Looks(ByNorm):
    def after_step(self, task):
        pass


class Misspelt(ByNorm):
    normalisation = "L2"


class Grows(ByNorm):
    soft_factor = 1.5


class MisspellsItsPenalty(ByNorm):
    def penalties(self, task):
        return None


def configured(**fields) -> ConfiguredMethod:
    component = method().component
    record = replace(component.record, **fields)
    return replace(method(), component=replace(component, record=record))


@pytest.mark.parametrize(
    ("own", "fields", "said"),
    [
        (Owns(), {}, r"overrides prune\(\), so its record must say strategy='own'"),
        (Looks(), {"data": "images"}, r"after each step.*data='images'; declare data='labels'"),
        (Misspelt(), {}, r"normalisation is 'L2'; choose 'l2' or 'none'"),
        (Grows(), {}, r"soft_factor is 1.5; choose a factor from 0 to below 1"),
        (
            MisspellsItsPenalty(),
            {"strategy": "regularised"},
            r"overrides neither penalty\(\) nor after_step\(\)",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(own, fields, said):
    with pytest.raises(MethodError, match=rf"method 'bynorm'.*{said}"):
        refuse_unsound(own, configured(**fields))


@pytest.mark.parametrize(
    ("own", "fields"),
    [
        (ByNorm(), {}),
        (Owns(), {"strategy": "own"}),
        (Owns(), {"prunes": "nothing"}),
        (Looks(), {"data": "labels"}),
        (Method(), {}),
        (Penalises(), {"strategy": "regularised"}),
        (Looks(), {"strategy": "regularised", "data": "labels"}),
        (ByNorm(), {"strategy": "regularised", "prunes": "nothing"}),
    ],
)
def test_what_is_sound_may_begin(own, fields):
    refuse_unsound(own, configured(**fields))


def test_a_suite_may_train_any_scoring_method_before_its_cut():
    refuse_unsound(ByNorm(), method(strategy="regularised"))


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_out_of_range_is_the_methods_fault(world, share):
    class Wrong(ByNorm):
        def pruned_share(self, progress):
            return share

    phase = world.begin(world.prune(method("ByNorm", "progressive")), Wrong())
    with pytest.raises(MethodError, match=r"Wrong\.pruned_share\(0\.\d+\) is .* from 0 to 1"):
        phase.run()


def test_a_phases_loss_is_for_those_who_declare_labels(world):
    node = world.prune(method("ByNorm"))
    phase = world.begin(replace(node, method=configured(data="images")))
    with pytest.raises(MethodError, match=r"asks for its phase's loss.*declare data='labels'"):
        phase.loss()


def test_a_second_cut_that_takes_nothing_is_not_the_one_that_is_measured(world):
    class CutsTwice(ByNorm):
        def prune(self, phase):
            phase.cut(phase.reduction)
            phase.train(phase.steps_left)
            phase.cut(phase.reduction)

    phase = world.begin(world.prune(method(strategy="own")), CutsTwice())
    phase.run()
    phase.verify()
    cut = phase.just_cut.backbone.stem.weight
    assert not torch.equal(cut, phase.prunable.network.backbone.stem.weight)


@pytest.mark.parametrize("source", ["torch", "numpy", "python"])
def test_global_random_numbers_are_the_seeds_own_wherever_a_method_draws(world, source):
    import random

    import numpy as np

    draw = {
        "torch": lambda size: torch.rand(size),
        "numpy": lambda size: torch.from_numpy(np.random.rand(size)),
        "python": lambda size: torch.tensor([random.random() for _ in range(size)]),
    }[source]

    class Draws(ByNorm):
        def prune(self, phase):
            scores = {name: draw(len(old)) for name, old in phase.rank().items()}
            phase.cut(phase.reduction, scores)
            phase.train(phase.steps_left)

    plans = []
    for history in (3, 11):
        draw(history)
        phase = world.begin(world.prune(method(strategy="own")), Draws())
        phase.run()
        plans.append(phase.prunable.plan)
    assert plans[0] == plans[1]


def test_cut_and_soften_say_what_they_did(world):
    phase = world.begin(world.prune())
    before = phase.prunable.network.backbone.block1.conv1.weight.detach().clone()
    scores = phase.rank()
    shrunk = phase.soften(0.4, scores)
    after = phase.prunable.network.backbone.block1.conv1.weight.detach()
    assert torch.equal(shrunk["block1.conv1"], (after == 0).flatten(1).all(dim=1))
    kept = phase.cut(0.2, scores)["block1.conv1"]
    still = phase.prunable.network.backbone.block1.conv1.weight.detach()
    alive = ~shrunk["block1.conv1"][kept]
    assert torch.equal(still[alive], before[kept[alive]])
    assert len(kept) == phase.prunable.plan.widths["block1.conv1"]


@pytest.mark.parametrize("steps", [2.5, 4.0, "4", None])
def test_steps_that_are_no_whole_number_are_refused_with_the_cure(world, steps):
    phase = world.begin(world.prune())
    with pytest.raises(MethodError, match=rf"'bynorm' asked for {steps!r} steps.*divide with //"):
        phase.train(steps)


@pytest.mark.parametrize("steps", [np.int64(1), torch.tensor(1)])
def test_a_whole_number_of_any_type_will_do(world, steps):
    phase = world.begin(world.prune())
    phase.train(steps)
    assert phase.steps_left == phase.steps - 1


def test_a_network_that_was_not_cut_is_refused_whatever_the_plan_says(world):
    class PutsItBack(ByNorm):
        def prune(self, phase):
            whole = copy.deepcopy(phase.prunable.network)
            phase.cut(phase.reduction)
            phase.train(phase.steps_left)
            phase.prunable.network = whole

    phase = world.begin(world.prune(method(strategy="own")), PutsItBack())
    phase.run()
    with pytest.raises(MethodError, match=r"method 'bynorm': 'block1.conv1' has not the channels"):
        phase.verify()


def test_a_layer_of_another_kind_is_no_layer_of_the_plans(world):
    phase = world.begin(world.prune())
    phase.run()
    assert phase.prunable.mismatched_layer is None
    phase.prunable.network.backbone.block1.conv1 = nn.Identity()
    assert phase.prunable.mismatched_layer == "block1.conv1"
