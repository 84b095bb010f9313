"""Plans go on from what is gone, and meet their target by rank."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from reidbench.engine.channels import PruningPlan, capture, solve
from reidbench.engine.pruning.cut_planner import comparable, next_plan
from reidbench.engine.pruning.prunable_network import relative
from tests.engine.phases.world import protocol

SIZE = (3, 16, 8)
SEEDS = st.integers(0, 2**31)
ALLOCATIONS = st.sampled_from(["uniform", "global"])


class Stream(nn.Module):
    """A residual stream of dear channels beside cheap ones: rounding couples what goes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 1, 1)
        self.wide = nn.Conv2d(8, 24, 1)
        self.narrow = nn.Conv2d(24, 8, 3, 1, 1)
        self.inner = nn.Conv2d(8, 6, 3, 1, 1)
        self.back = nn.Conv2d(6, 8, 1)
        self.embed = nn.Conv2d(8, 4, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Return embeddings (n, 4)."""
        maps = torch.relu(self.stem(images))
        maps = maps + self.narrow(torch.relu(self.wide(maps)))
        maps = maps + self.back(torch.relu(self.inner(maps)))
        return self.embed(maps).mean(dim=(2, 3))


@cache
def stream():
    return capture(Stream(), SIZE)


RULES = protocol(pruning={"scope": "all", "min_keep": 0.1}).pruning


def random_scores(plan, dice):
    return {
        name: torch.randint(0, 9, (width,), generator=dice).double()
        for name, width in plan.widths.items()
    }


def reduction(plan):
    graph = stream()
    return 1 - graph.macs.total(plan.widths) / graph.macs.total()


def go_on(plan, scores, target, allocation):
    return next_plan(stream(), plan, scores, reduction=target, allocation=allocation, rules=RULES)


@given(seed=SEEDS, allocation=ALLOCATIONS, target=st.floats(0.0, 0.85))
@settings(max_examples=100)
def test_the_first_plan_is_the_solvers(seed, allocation, target):
    everything = PruningPlan.everything(stream())
    scores = random_scores(everything, torch.Generator().manual_seed(seed))
    direct = solve(
        stream(),
        scores,
        reduction=target,
        allocation=allocation,
        scope=RULES.scope,
        min_keep=RULES.min_keep,
    )
    assert go_on(everything, scores, target, allocation) == (direct if target else everything)


@given(
    seed=SEEDS,
    allocation=ALLOCATIONS,
    targets=st.lists(st.floats(0.0, 0.85), min_size=2, max_size=12),
)
@settings(max_examples=150)
def test_what_is_gone_stays_gone_whatever_the_targets_and_scores(seed, allocation, targets):
    dice = torch.Generator().manual_seed(seed)
    plan = PruningPlan.everything(stream())
    for target in targets:
        before, plan = plan, go_on(plan, random_scores(plan, dice), target, allocation)
        assert all(set(plan.kept[name]) <= set(before.kept[name]) for name in plan.kept)
        step = relative(plan, before)
        assert before.then(step) == plan


@given(seed=SEEDS, allocation=ALLOCATIONS, target=st.floats(0.05, 0.85), rounds=st.integers(2, 60))
@settings(max_examples=60)
def test_many_small_rounds_end_as_near_to_the_target_as_one_channel_allows(
    seed, allocation, target, rounds
):
    dice = torch.Generator().manual_seed(seed)
    plan = PruningPlan.everything(stream())
    for done in range(1, rounds + 1):
        scores = random_scores(plan, dice)
        plan = go_on(plan, scores, target * done / rounds, allocation)
    graph = stream()
    dearest = max(
        graph.macs.total() - graph.macs.total({**graph.widths, name: size - 1})
        for name, size in graph.widths.items()
    )
    assert abs(reduction(plan) - target) <= dearest / graph.macs.total()


@pytest.mark.parametrize("allocation", ["uniform", "global"])
def test_a_target_that_is_passed_already_changes_nothing(allocation):
    everything = PruningPlan.everything(stream())
    dice = torch.Generator().manual_seed(0)
    plan = go_on(everything, random_scores(everything, dice), 0.6, allocation)
    for target in (0.0, 0.3, 0.55):
        assert go_on(plan, random_scores(plan, dice), target, allocation) == plan


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_what_is_gone_goes_first_at_any_scale_of_scores(scale):
    everything = PruningPlan.everything(stream())
    dice = torch.Generator().manual_seed(0)
    plan = everything
    for target in (0.2, 0.4, 0.6):
        scores = {n: (v - 4) * scale for n, v in random_scores(plan, dice).items()}
        before, plan = plan, go_on(plan, scores, target, "global")
        assert all(set(plan.kept[name]) <= set(before.kept[name]) for name in plan.kept)
        assert reduction(plan) == pytest.approx(target, abs=0.08)


def test_a_uniform_allocation_takes_equal_shares_of_the_original_groups():
    plan = PruningPlan.everything(stream())
    dice = torch.Generator().manual_seed(0)
    for target in (0.25, 0.5):
        plan = go_on(plan, random_scores(plan, dice), target, "uniform")
    shares = [plan.widths[name] / size for name, size in plan.sizes.items()]
    assert max(shares) - min(shares) <= 1 / 6 + 1e-9


def test_a_uniform_allocation_evens_out_what_went_before():
    everything = PruningPlan.everything(stream())
    uneven = PruningPlan({**everything.kept, "wide": tuple(range(12))}, everything.sizes)
    further = reduction(uneven) + 0.1
    plan = go_on(uneven, random_scores(uneven, torch.Generator()), further, "uniform")
    assert plan.widths["wide"] == 12
    assert plan.widths["stem"] < 8
    plan = go_on(uneven, random_scores(uneven, torch.Generator()), 0.85, "uniform")
    shares = [plan.widths[name] / size for name, size in plan.sizes.items()]
    assert max(shares) - min(shares) <= 1 / 6 + 1e-9


def test_a_global_allocation_takes_the_lowest_scores_wherever_they_are():
    everything = PruningPlan.everything(stream())
    scores = {name: torch.full((width,), 5.0) for name, width in everything.widths.items()}
    scores["wide"] = torch.arange(24.0) / 24
    plan = go_on(everything, scores, 0.2, "global")
    assert list(plan.dropped) == ["wide"]
    assert plan.dropped["wide"] == tuple(range(24 - plan.widths["wide"]))


def test_scores_are_made_comparable_by_each_groups_norm_or_left_alone():
    scores = {"a": torch.tensor([3.0, 4.0]), "b": torch.tensor([30.0, 40.0]), "c": torch.zeros(2)}
    scaled = comparable(scores, "l2")
    assert torch.equal(scaled["a"], torch.tensor([0.6, 0.8]))
    assert torch.equal(scaled["a"], scaled["b"])
    assert not scaled["c"].any()
    assert comparable(scores, "none") == scores
