"""A prune phase ranks, cuts, softens and trains, and refuses a method that breaks its contract."""

from __future__ import annotations

import copy

import pytest
import torch

from reidbench.engine.channels import PruningPlan
from reidbench.engine.phases.checkpoint import fresh_network, load_network
from reidbench.engine.pruning.calibration import recalibrated
from reidbench.errors import Diverged, MethodError
from tests.engine.phases.criteria import ByDice, ByNorm
from tests.engine.phases.live_network import GROUPS, filters, moments, zeroed
from tests.engine.phases.world import STEPS, method, protocol


class Scripted(ByNorm):
    """Run a script instead of a strategy."""

    def __init__(self, script):
        super().__init__()
        self.script = script

    def prune(self, phase):
        self.script(phase)


# --- cutting


@pytest.mark.parametrize("reduction", [0.1, 0.5, 0.75])
def test_a_cut_meets_its_reduction_of_the_dense_macs(world, reduction):
    phase = world.begin(world.prune(reduction=reduction))
    phase.cut(reduction)
    assert phase.achieved == pytest.approx(reduction, abs=0.005)
    assert phase.prunable.graph.macs.total() == phase.prunable.dense.macs.total(
        phase.prunable.plan.widths
    )


def test_a_cut_removes_the_lowest_scores_and_leaves_the_kept_filters_as_they_were(world):
    phase = world.begin(world.prune())
    before = {name: filters(phase, name) for name in GROUPS}
    phase.cut(0.5)
    for name in GROUPS:
        kept = list(phase.prunable.plan.kept[name])
        assert torch.equal(filters(phase, name), before[name][kept])
        norms = before[name].abs().sum(dim=1)
        assert sorted(norms.argsort(descending=True)[: len(kept)].tolist()) == kept


def test_the_momentum_of_kept_channels_is_carried(world):
    phase = world.begin(world.prune())
    phase.train(3)
    before = {name: moments(phase, name).clone() for name in GROUPS}
    phase.cut(0.5)
    for name in GROUPS:
        assert torch.equal(moments(phase, name), before[name][list(phase.prunable.plan.kept[name])])
        assert moments(phase, name).abs().sum() > 0
    phase.train(1)


def test_what_is_gone_stays_gone_though_scores_change(world):
    phase = world.begin(world.prune(), ByDice())
    before = phase.prunable.plan
    for reduction in (0.1, 0.2, 0.21, 0.211, 0.4, 0.3, 0.5):
        phase.cut(reduction)
        assert all(set(phase.prunable.plan.kept[name]) <= set(before.kept[name]) for name in GROUPS)
        before = phase.prunable.plan
    assert phase.achieved == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize("strategy", ["iterative", "progressive"])
@pytest.mark.parametrize("allocation", ["uniform", "global"])
def test_many_rounds_with_ever_new_scores_end_on_target(world, strategy, allocation):
    many = {"rounds": 12, "soft_rounds": 12, "active": 0.9}
    world = world.but(rules=protocol(pruning=many))
    node = world.prune(method("ByDice", strategy, allocation), reduction=0.4, network=None)
    phase = world.begin(node)
    phase.run()
    phase.verify()


def test_the_network_just_cut_is_kept_with_batch_norms_of_its_own(world):
    phase = world.begin(world.prune())
    phase.cut(0.5)
    cut, live = phase.just_cut.state_dict(), phase.prunable.network.state_dict()
    differing = {name for name in live if not torch.equal(live[name], cut[name])}
    assert differing
    assert all("running" in name or "num_batches" in name for name in differing)


def test_recalibrating_the_snapshot_does_not_touch_the_network_that_trains(world, monkeypatch):
    def cut_and_train(snapshot):
        monkeypatch.setattr("reidbench.engine.pruning.prunable_network.recalibrated", snapshot)
        phase = world.begin(world.prune())
        phase.cut(0.5)
        phase.train(4)
        return phase.prunable.network.state_dict()

    with_snapshot = cut_and_train(recalibrated)
    without = cut_and_train(lambda network, batches: copy.deepcopy(network))
    assert all(torch.equal(with_snapshot[name], without[name]) for name in without)


def test_methods_rank_by_batch_norms_of_the_network_as_it_stands(world):
    seen = []

    class Looks(ByNorm):
        def prepare(self, task):
            seen.append(task.network.state_dict())

    phase = world.begin(world.prune(), own=Looks())
    phase.cut(0.3)
    phase.train(1)
    prunable = phase.prunable
    live = prunable.network.backbone.state_dict()
    whole = recalibrated(prunable.network, (images for images, _ in prunable.calibration))
    expected = whole.backbone.state_dict()
    phase.rank()
    assert all(torch.equal(seen[-1][name], expected[name]) for name in expected)
    assert any(not torch.equal(seen[-1][name], live[name]) for name in live)


def test_a_method_that_draws_from_the_global_generator_is_reproducible(world):
    class Draws(ByNorm):
        def scores(self, group, task):
            return torch.rand(group.size)

    first, second = (world.begin(world.prune(), own=Draws()).rank() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_weights_that_are_no_longer_finite_diverged_whatever_the_method(world):
    phase = world.begin(world.prune())
    with torch.no_grad():
        next(phase.prunable.network.parameters()).view(-1)[0] = torch.nan
    with pytest.raises(Diverged, match="no longer finite after step 0"):
        phase.cut(0.5)


def test_a_network_that_is_cut_before_any_training_has_no_snapshot(world):
    phase = world.begin(world.prune(budget=None, network=None))
    phase.cut(0.5)
    assert phase.just_cut is None
    assert phase.steps == 0


# --- softening


def test_softening_zeroes_what_such_a_cut_would_remove(world):
    soft, hard = (world.begin(world.prune()) for _ in range(2))
    soft.soften(0.3)
    hard.cut(0.3)
    dropped = {name: set(gone) for name, gone in hard.prunable.plan.dropped.items()}
    assert zeroed(soft) == dropped
    assert soft.achieved == 0


def test_softening_clears_the_optimisers_state_of_the_zeroed_filters_alone(world):
    phase = world.begin(world.prune())
    phase.train(3)
    before = {name: moments(phase, name).clone() for name in GROUPS}
    phase.soften(0.3)
    for name, gone in zeroed(phase).items():
        stays = sorted(set(range(len(before[name]))) - gone)
        assert gone
        assert not moments(phase, name)[sorted(gone)].any()
        assert torch.equal(moments(phase, name)[stays], before[name][stays])


def test_zeroed_filters_grow_back_and_one_step_does_not_blow_them_up(world):
    phase = world.begin(world.prune())
    phase.train(3)
    with torch.no_grad():  # a filter behind a positive shift gets gradients through the ReLU
        for name in GROUPS:
            phase.prunable.network.backbone.get_submodule(name.replace("conv", "bn")).bias.fill_(
                0.5
            )
    phase.soften(0.5)
    gone = zeroed(phase)
    phase.train(1)
    rate = phase.trainer.optimiser.param_groups[0]["lr"]
    for name in GROUPS:
        grown = filters(phase, name)[sorted(gone[name])]
        assert (grown.abs().sum(dim=1) > 0).all()
        # Adam with fresh moments late in training: 0.1 g / sqrt(0.001 g²) = 3.2 rates a weight.
        assert grown.abs().max() < 3.5 * rate
    phase.train(8)
    assert all(torch.isfinite(filters(phase, name)).all() for name in GROUPS)
    assert all(filters(phase, name).abs().max() < 2 for name in GROUPS)


# --- the budget and the target


def test_a_method_that_rests_is_refused(world):
    node = world.prune(method(strategy="own"))
    phase = world.begin(node, Scripted(lambda phase: phase.cut(phase.reduction)))
    phase.run()
    with pytest.raises(MethodError, match=r"method 'bynorm' left 12 of 12 steps unspent.*whole"):
        phase.verify()


def test_a_method_that_asks_for_more_steps_than_there_are_is_refused(world):
    phase = world.begin(world.prune())
    phase.train(10)
    with pytest.raises(MethodError, match=r"'bynorm' asked for 3 steps with 2 of 12 left"):
        phase.train(3)


@pytest.mark.parametrize("reduction", [0.0, 0.48, 0.52])
def test_a_method_that_misses_the_target_is_refused(world, reduction):
    def script(phase):
        phase.cut(reduction)
        phase.train(phase.steps_left)

    phase = world.begin(world.prune(method(strategy="own")), Scripted(script))
    phase.run()
    with pytest.raises(MethodError, match=r"method 'bynorm' reached .* target is 0\.5000"):
        phase.verify()


def test_a_method_that_owns_its_phase_gets_a_snapshot_if_it_ends_on_target(world):
    def script(phase):
        phase.train(5)
        phase.cut(0.498)
        phase.train(phase.steps_left)

    phase = world.begin(world.prune(method(strategy="own")), Scripted(script))
    phase.run()
    phase.verify()
    assert phase.just_cut is not None


def test_a_method_may_rank_as_often_as_it_likes(world):
    phase = world.begin(world.prune())
    scores = phase.rank()
    assert {name: len(values) for name, values in scores.items()} == phase.prunable.plan.widths
    phase.cut(0.5)
    assert {
        name: len(values) for name, values in phase.rank().items()
    } == phase.prunable.plan.widths


def test_a_loss_that_is_not_finite_ends_the_phase(world):
    def script(phase):
        with torch.no_grad():
            phase.prunable.network.backbone.stem.weight.fill_(torch.inf)
        phase.train(phase.steps_left)

    phase = world.begin(world.prune(method(strategy="own")), Scripted(script))
    with pytest.raises(Diverged):
        phase.run()


def test_a_method_that_owns_its_phase_must_say_so_in_its_record(world):
    phase = world.begin(world.prune(method()), Scripted(lambda phase: None))
    with pytest.raises(MethodError, match=r"'bynorm' overrides prune\(\).*strategy='own'"):
        phase.run()


# --- what the phase leaves


def test_the_phases_notes_say_what_the_network_costs(world):
    node = world.prune(method("ByNorm"))
    notes = world.run(node)
    network = fresh_network(node, identities=1)
    dense = sum(p.numel() for p in network.backbone.parameters())
    plan = load_network(
        world.store.folder(node.key), network, node.protocol.input.size, classifier=False
    )
    assert notes["cost"]["dense_parameters"] == dense
    assert notes["cost"]["parameters"] == sum(p.numel() for p in network.backbone.parameters())
    assert 1 - notes["cost"]["macs"] / notes["cost"]["dense_macs"] == pytest.approx(0.5, abs=0.005)
    assert notes["widths"] == {
        name: {"kept": len(plan.kept[name]), "size": plan.sizes[name]} for name in plan.sizes
    }
    assert (notes["steps"], notes["epochs"]) == (STEPS, 2)
    assert set(notes["seconds"]) == {"ranking", "cutting", "recalibration", "training"}


def test_dense_keeps_every_width_and_trains_as_long(world):
    notes = world.run(world.prune(method("KeepsAll", prunes="nothing"), reduction=0.0))
    assert notes["cost"]["macs"] == notes["cost"]["dense_macs"]
    assert all(width["kept"] == width["size"] for width in notes["widths"].values())
    assert notes["steps"] == STEPS


def test_scratch_starts_from_the_bases_initial_weights(world):
    node = world.prune(method("ByDice", prunes="initial"), network=None, budget=None)
    world.run(node)
    initial = fresh_network(node, 12)
    slim = fresh_network(node, 12)
    plan = load_network(
        world.store.folder(node.key), slim, node.protocol.input.size, classifier=True
    )
    for name in GROUPS:
        kept = list(plan.kept[name])
        own, dense = (net.backbone.get_submodule(name).weight for net in (slim, initial))
        assert torch.equal(own, dense[kept])
    assert torch.equal(slim.classifier.weight, initial.classifier.weight)
    assert torch.equal(slim.backbone.stem.weight, initial.backbone.stem.weight)


def test_a_random_choice_depends_on_the_seed_and_on_nothing_else(world):
    def plan_of(**changes):
        here = world.but(**changes)
        phase = here.begin(here.prune(method("ByDice"), network=None))
        phase.cut(0.5)
        return phase.prunable.plan

    first = plan_of()
    torch.rand(10)
    assert plan_of() == first
    assert plan_of(seed=1) != first
    longer = protocol(budgets={"prune": {"epochs": 5}})
    assert plan_of(rules=longer) == first
    trained = world.begin(world.prune(method("ByDice")))
    trained.cut(0.5)
    assert trained.prunable.plan == first


def test_running_a_phase_twice_leaves_the_same_bytes(world, fresh):
    node = world.prune(method("ByMaps", "iterative", "global"))
    for here in (world, fresh):
        torch.rand(7)
        here.run(node)
    assert world.files(node) == fresh.files(node)
    assert {"network.safetensors", "pruned/network.safetensors"} <= set(world.files(node))


def test_a_prune_phase_leaves_the_global_random_state_alone(world):
    world.run(world.train())
    before = torch.get_rng_state()
    phase = world.begin(world.prune(method("ByMaps", "progressive")))
    phase.run()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_second_prune_phase_refers_to_the_dense_network(fresh):
    first = fresh.prune(reduction=0.3)
    again = fresh.train(network=first)
    second = fresh.prune(method("ByNorm", "iterative"), network=again, reduction=0.6)
    notes = fresh.run(second)
    plans = {}
    for node in (first, again, second):
        network = fresh_network(node, 12)
        plans[node.key] = load_network(
            fresh.store.folder(node.key), network, node.protocol.input.size, classifier=True
        )
    assert plans[first.key] == plans[again.key]
    earlier, later = plans[first.key], plans[second.key]
    assert later.sizes == earlier.sizes == {"block1.conv1": 96, "block2.conv1": 192}
    assert all(set(later.kept[name]) < set(earlier.kept[name]) for name in GROUPS)
    assert 1 - notes["cost"]["macs"] / notes["cost"]["dense_macs"] == pytest.approx(0.6, abs=0.005)
    assert notes["cost"]["dense_macs"] == fresh.store.meta(first.key)["cost"]["dense_macs"]


@pytest.mark.parametrize("strategy", ["one-shot", "iterative", "progressive"])
def test_a_second_prune_phase_to_the_same_target_only_trains(world, strategy):
    first = world.prune(method("ByNorm", strategy))
    second = world.prune(method("ByDice", strategy), network=first)
    world.run(second)
    phase = world.begin(second)
    before = phase.prunable.plan
    phase.run()
    phase.verify()
    assert phase.prunable.plan == before
    assert phase.just_cut is not None


def test_the_phase_starts_from_the_network_the_phase_before_left(world):
    phase = world.begin(world.prune())
    base = fresh_network(phase.node, 12)
    load_network(
        world.store.folder(phase.node.network.key), base, world.rules.input.size, classifier=True
    )
    own = phase.prunable.network.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in base.state_dict().items())
    assert phase.prunable.plan == PruningPlan.everything(phase.prunable.dense)
