"""When channels go: at once, in equal shares, or softly; always on target and within budget."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reidbench.api.method import Method
from reidbench.api.records import ALLOCATIONS
from reidbench.api.records import STRATEGIES as NAMES
from reidbench.engine.channels import PruningPlan
from reidbench.engine.pruning.strategies import STRATEGIES, rounds
from tests.engine.phases.live_network import zeroed
from tests.engine.phases.world import STEPS, method, protocol

LAYERS = 4
OWN_ASIDE = [name for name in NAMES if name != "own"]
EVERY_PAIR = [(strategy, allocation) for strategy in OWN_ASIDE for allocation in ALLOCATIONS]


class Diary:
    """A prune phase that only writes down what it is asked to do."""

    def __init__(self, target=0.6, steps=40, active=0.5, achieved=0.0):
        self.achieved = achieved
        self.reduction, self.steps, self.steps_left = target, steps, steps
        self.active_steps = round(active * steps)
        self.entries = []

    def rounds(self, count):
        return rounds(self.active_steps, count)

    def layers(self, reduction):
        for layer in range(1, LAYERS + 1):
            self.entries.append(("layer", layer))
            yield layer / LAYERS
        self.entries.append(("cut", reduction))

    def cut(self, reduction):
        self.entries.append(("cut", reduction))

    def soften(self, reduction):
        self.entries.append(("soften", reduction))

    def train(self, steps):
        assert 0 <= steps <= self.steps_left
        self.steps_left -= steps
        self.entries.append(("train", steps))


class Rising(Method):
    """Prune by the square root of the progress."""

    def pruned_share(self, progress):
        return progress**0.5


def diary_of(strategy, own=None, target=0.6, steps=40, achieved=0.0, **pruning):
    rules = protocol(pruning={"active": 0.5, **pruning}).pruning
    diary = Diary(target, steps, rules.active, achieved)
    STRATEGIES[strategy](diary, own or Method(), rules)
    return diary


def test_one_shot_cuts_and_then_retrains():
    assert diary_of("one-shot").entries == [("cut", 0.6), ("train", 40)]


@pytest.mark.parametrize(("strategy", "word"), [("iterative", "cut"), ("progressive", "soften")])
def test_a_second_prune_phase_shares_out_what_is_left_to_cut(strategy, word):
    diary = diary_of(strategy, achieved=0.3, rounds=3, soft_rounds=3).entries
    asked = [value for kind, value in diary if kind in ("cut", "soften")]
    assert asked == [pytest.approx(r) for r in (0.4, 0.5, 0.6)]
    assert diary[0 if word == "cut" else 1][0] == word


def test_iterative_cuts_in_equal_shares_over_the_active_part_and_retrains():
    assert diary_of("iterative", rounds=4).entries == [
        ("cut", pytest.approx(0.15)),
        ("train", 5),
        ("cut", pytest.approx(0.3)),
        ("train", 5),
        ("cut", pytest.approx(0.45)),
        ("train", 5),
        ("cut", pytest.approx(0.6)),
        ("train", 5),
        ("train", 20),
    ]


def test_progressive_zeroes_as_the_method_says_and_cuts_at_the_end_of_the_active_part():
    assert diary_of("progressive", Rising(), soft_rounds=4).entries == [
        ("train", 5),
        ("soften", pytest.approx(0.6 * 0.25**0.5)),
        ("train", 5),
        ("soften", pytest.approx(0.6 * 0.5**0.5)),
        ("train", 5),
        ("soften", pytest.approx(0.6 * 0.75**0.5)),
        ("train", 5),
        ("cut", 0.6),
        ("train", 20),
    ]


def test_regularised_trains_under_the_penalty_cuts_and_retrains():
    assert diary_of("regularised").entries == [("train", 20), ("cut", 0.6), ("train", 20)]


def test_layerwise_trains_a_little_after_each_layer_and_retrains():
    assert diary_of("layerwise").entries == [
        *(("layer", 1), ("train", 5)),
        *(("layer", 2), ("train", 5)),
        *(("layer", 3), ("train", 5)),
        *(("layer", 4), ("train", 5)),
        ("cut", 0.6),
        ("train", 20),
    ]


def test_own_is_the_methods_own_affair():
    class Late(Method):
        def prune(self, phase):
            phase.train(39)
            phase.cut(phase.reduction)
            phase.train(1)

    assert diary_of("own", Late()).entries == [("train", 39), ("cut", 0.6), ("train", 1)]


def test_without_a_schedule_of_its_own_a_method_zeroes_linearly():
    softened = [r for kind, r in diary_of("progressive", soft_rounds=5).entries if kind == "soften"]
    assert softened == pytest.approx([0.12, 0.24, 0.36, 0.48])


@given(
    strategy=st.sampled_from(OWN_ASIDE),
    steps=st.integers(1, 300),
    rounds=st.integers(1, 20),
    active=st.floats(0.01, 0.99),
    target=st.floats(0.01, 0.99),
)
def test_every_strategy_spends_every_step_and_ends_on_the_target_exactly(
    strategy, steps, rounds, active, target
):
    diary = diary_of(
        strategy, target=target, steps=steps, rounds=rounds, soft_rounds=rounds, active=active
    )
    assert diary.steps_left == 0
    cuts = [reduction for kind, reduction in diary.entries if kind == "cut"]
    assert cuts[-1] == target
    assert all(a < b for a, b in pairwise(cuts))


@pytest.mark.parametrize(("strategy", "allocation"), EVERY_PAIR)
@pytest.mark.parametrize("criterion", ["ByNorm", "ByMaps"])
def test_any_criterion_reaches_the_target_by_any_strategy_and_allocation(
    world, criterion, strategy, allocation
):
    notes = world.run(world.prune(method(criterion, strategy, allocation), reduction=0.4))
    cost = notes["cost"]
    assert 1 - cost["macs"] / cost["dense_macs"] == pytest.approx(0.4, abs=0.005)
    assert notes["steps"] == STEPS


class Watch:
    """Notes the state of a phase before it trains, whatever the strategy does."""

    def __init__(self, phase):
        self.seen, self.phase, self.train = [], phase, phase.train
        phase.train = self

    def __call__(self, steps):
        phase = self.phase
        self.seen.append((phase.achieved, zeroed(phase), phase.prunable.plan))
        self.train(steps)
        self.after = zeroed(phase)


def watched(world, strategy):
    phase = world.begin(world.prune(method("ByNorm", strategy), reduction=0.6))
    watching = Watch(phase)
    with torch.no_grad():  # live filters: what is zeroed behind a negative shift stays dead
        for name in ("block1.bn1", "block2.bn1"):
            phase.prunable.network.backbone.get_submodule(name).bias.fill_(0.2)
    phase.run()
    phase.verify()
    return watching, phase


def test_iterative_pruning_reaches_equal_shares_of_the_macs(world):
    watching, _ = watched(world, "iterative")
    achieved = [reduction for reduction, _, _ in watching.seen]
    assert achieved == pytest.approx([0.2, 0.4, 0.6, 0.6], abs=0.005)
    plans = [plan for _, _, plan in watching.seen]
    for earlier, later in pairwise(plans):
        assert all(set(later.kept[name]) <= set(earlier.kept[name]) for name in later.kept)


def test_progressively_zeroed_filters_grow_back_until_the_final_cut(world):
    watching, phase = watched(world, "progressive")
    dense = PruningPlan.everything(phase.prunable.dense)
    zeros = [sum(map(len, gone.values())) for _, gone, _ in watching.seen]
    softly = [plan == dense for _, _, plan in watching.seen]
    # Train, zero a third and train, zero two thirds and train, cut and retrain.
    assert softly == [True, True, True, False]
    assert zeros[0] == zeros[3] == 0
    assert 0 < zeros[1] < zeros[2]
    assert not any(watching.after.values())
    assert phase.achieved == pytest.approx(0.6, abs=0.005)


@pytest.mark.parametrize("strategy", OWN_ASIDE)
def test_the_snapshot_is_of_the_final_widths(world, strategy):
    phase = world.begin(world.prune(method("ByNorm", strategy)))
    phase.run()
    shapes = {name: tensor.shape for name, tensor in phase.prunable.network.state_dict().items()}
    assert {n: t.shape for n, t in phase.just_cut.state_dict().items()} == shapes
