"""Scores are one finite number a channel; anything else is refused in a sentence that helps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reidbench.api.method import Method
from reidbench.errors import MethodError
from tests.engine.phases.world import method


class Scoring(Method):
    """Score with a function of the group's size."""

    def __init__(self, scores):
        super().__init__()
        self.give = scores

    def scores(self, group, task):
        return self.give(group.size)


@pytest.mark.parametrize(
    ("scores", "complaint"),
    [
        (lambda n: torch.zeros(n + 1), r"must be a tensor \(96,\), one a channel, not \(97,\)"),
        (lambda n: torch.zeros(n, 1), r"must be a tensor \(96,\), one a channel, not \(96, 1\)"),
        (lambda n: torch.tensor(1.0), r"must be a tensor \(96,\), one a channel, not \(\)"),
        (lambda n: [0.0] * n, r"must be a tensor \(96,\), one a channel, not list"),
        (lambda n: np.zeros(n), r"must be a tensor \(96,\), one a channel, not ndarray"),
        (lambda n: None, r"must be a tensor \(96,\), one a channel, not NoneType"),
        (lambda n: torch.arange(float(n)) / 0, r"channel 0 .* scores nan; scores must be finite"),
        (lambda n: 1 / torch.arange(float(n)), r"channel 0 .* scores inf; scores must be finite"),
    ],
)
def test_bad_scores_are_refused_naming_method_layer_and_remedy(world, scores, complaint):
    phase = world.begin(world.prune(), Scoring(scores))
    with pytest.raises(MethodError, match=complaint) as caught:
        phase.cut(0.5)
    assert str(caught.value).startswith("method 'bynorm': ")
    assert "'block1.conv1'" in str(caught.value)
    assert "correct its scores()" in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.int64, torch.float16, torch.float64, torch.bool])
def test_scores_of_any_numeric_type_will_do(world, dtype):
    phase = world.begin(world.prune(), Scoring(lambda n: (torch.arange(n) % 7).to(dtype)))
    phase.cut(0.5)
    assert phase.achieved == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize(("normalisation", "loses_alone"), [("l2", False), ("none", True)])
def test_under_a_global_allocation_scores_are_compared_as_the_method_says(
    world, normalisation, loses_alone
):
    scoring = Scoring(lambda n: torch.arange(1.0, n + 1) * (1000 if n == 96 else 1))
    scoring.normalisation = normalisation
    phase = world.begin(world.prune(method("ByNorm", allocation="global")), scoring)
    phase.cut(0.5)
    assert (list(phase.prunable.plan.dropped) == ["block2.conv1"]) == loses_alone


def test_under_a_uniform_allocation_every_group_loses_the_same_share(world):
    scoring = Scoring(lambda n: torch.arange(1.0, n + 1) * (1000 if n == 96 else 1))
    phase = world.begin(world.prune(), scoring)
    phase.cut(0.5)
    assert 2 * phase.prunable.plan.widths["block1.conv1"] == pytest.approx(
        phase.prunable.plan.widths["block2.conv1"], abs=1
    )


def test_a_method_without_scores_says_what_to_write(world):
    phase = world.begin(world.prune(), Method())
    with pytest.raises(NotImplementedError, match=r"ranks no channels: implement scores\(\)"):
        phase.cut(0.5)


def test_equal_scores_everywhere_still_meet_the_target_and_take_the_first_channels(world):
    phase = world.begin(world.prune(), Scoring(torch.ones))
    phase.cut(0.5)
    for name, gone in phase.prunable.plan.dropped.items():
        assert gone == tuple(range(len(gone))), name


def test_gradients_that_tell_no_channel_from_another_are_refused(world):
    class OfGradients(Scoring):
        def prepare(self, task):
            task.mean_over_gradients(lambda group: group.gradient.sum(dim=1))

    phase = world.begin(world.prune(), OfGradients(torch.zeros))
    sentence = r"scores every channel 0: the loss of the calibration images has no gradient"
    with pytest.raises(MethodError, match=sentence):
        phase.cut(0.5)


def test_scores_of_nothing_will_do_where_no_loss_was_looked_at(world):
    phase = world.begin(world.prune(), Scoring(torch.zeros))
    phase.cut(0.5)
    assert phase.achieved == pytest.approx(0.5, abs=0.005)
