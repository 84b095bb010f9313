"""A train phase spends its budget on the network the phase before left."""

from __future__ import annotations

import pytest
import torch

from reidbench.engine.channels import PruningPlan
from reidbench.engine.phases.checkpoint import fresh_network, load_network, starting_network
from reidbench.engine.training.schedule import learning_rate_factor
from reidbench.store.cleanup import check
from reidbench.store.curve import read_curve
from reidbench.text import training_note
from tests.engine.phases.world import OTHER, TINY, method


def loaded(world, node, identities=12):
    network = fresh_network(node, identities)
    plan = load_network(
        world.store.folder(node.key), network, node.protocol.input.size, classifier=True
    )
    return network, plan


def test_the_notes_say_what_was_spent_and_on_what(world):
    notes = world.run(world.train())
    assert (notes["kind"], notes["on"], notes["steps"], notes["epochs"]) == ("train", "tiny", 18, 3)
    assert notes["seconds"]["training"] > 0
    assert notes["document"] == world.train().document()


def test_listeners_hear_of_every_step_and_the_loss(fresh):
    heard = []
    node = fresh.train()
    fresh.run(node, fresh.context(lambda *event: heard.append(event)))
    steps = [(done, total) for done, total, note in heard if note.startswith("loss ")]
    assert steps == [(done, 18) for done in range(1, 19)]


def test_the_curve_is_that_of_the_training(fresh):
    node, heard = fresh.train(), []
    fresh.run(node, fresh.context(lambda *event: heard.append(event)))
    curve = read_curve(fresh.store, node.key)
    assert [point.step for point in curve] == list(range(1, 19))
    assert [point.epoch for point in curve][5::6] == [1, 2, 3]
    notes = [training_note(point.loss, point.images_per_second) for point in curve]
    said = [note for _, _, note in heard if note.startswith("loss")]
    assert [note.split(",")[0] for note in notes] == [note.split(",")[0] for note in said]
    peak = node.rules.training.optimiser.learning_rate
    schedule = node.rules.training.schedule
    rates = [peak * learning_rate_factor(step, 18, schedule) for step in range(18)]
    assert [point.learning_rate for point in curve] == rates
    assert all(point.images_per_second > 0 for point in curve)


def test_a_phase_without_a_step_has_no_curve(world):
    cut = world.prune(method("ByDice", prunes="initial"), network=None, budget=None)
    world.run(cut)
    assert read_curve(world.store, cut.key) == ()
    assert check(world.store, cut.key) == []


def test_training_changes_the_weights_and_keeps_every_channel(world):
    node = world.train()
    world.run(node)
    network, plan = loaded(world, node)
    initial = fresh_network(node, 12)
    assert not torch.equal(network.backbone.stem.weight, initial.backbone.stem.weight)
    assert plan == PruningPlan({n: tuple(range(s)) for n, s in plan.sizes.items()}, plan.sizes)


def test_a_slim_network_stays_slim(world):
    cut = world.prune(method("ByDice", prunes="initial"), network=None, budget=None)
    node = world.train(network=cut)
    world.run(node)
    assert loaded(world, node)[1] == loaded(world, cut)[1]
    assert loaded(world, node)[0].backbone.block1.conv1.out_channels < 96


def test_the_same_seed_trains_the_same_bytes_and_another_seed_others(world, fresh):
    node = world.train()
    world.run(node)
    fresh.run(node)
    assert world.files(node) == fresh.files(node)
    other = world.but(seed=1)
    other.run(other.train())
    assert world.files(node) != world.files(other.train())


@pytest.mark.parametrize("second", [TINY, OTHER], ids=["same data", "other data"])
def test_the_backbone_goes_on_and_the_classifier_only_on_the_same_data(world, second):
    first, people = world.train(), 12 if second is TINY else 6
    world.run(first)
    before, _ = loaded(world, first)
    network, _ = starting_network(world.train(first, second), people, world.store)
    assert torch.equal(network.backbone.stem.weight, before.backbone.stem.weight)
    assert torch.equal(network.neck.running_mean, before.neck.running_mean)
    assert network.classifier.weight.shape[0] == people
    if second is TINY:
        assert torch.equal(network.classifier.weight, before.classifier.weight)
    else:
        fresh = fresh_network(first, people).classifier.weight
        assert torch.equal(network.classifier.weight, fresh)


def test_source_then_target_trains_through(world):
    node = world.train(world.train(data=OTHER), TINY)
    world.run(node)
    assert loaded(world, node)[0].classifier.weight.shape == (12, 16)
