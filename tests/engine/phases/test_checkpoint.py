"""A network comes back from the store bit for bit, head and plan included."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file

from reidbench.engine.channels import PruningPlan, SavedNetworkError, capture, remove
from reidbench.engine.phases.checkpoint import (
    HEAD_FILE,
    fresh_network,
    load_network,
    save_network,
    starting_network,
)
from tests.engine.phases.world import OTHER, method

SIZE = (3, 32, 16)


def slim(world, identities=12):
    """Return a pruned network that no longer has its initial weights, and its plan."""
    network = fresh_network(world.train(), identities)
    graph = capture(network.backbone, SIZE)
    everything = PruningPlan.everything(graph)
    kept = {name: indices[1::3] for name, indices in everything.kept.items()}
    plan = PruningPlan(kept, everything.sizes)
    remove(network.backbone, graph, plan)
    dice = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=dice))
            else:
                tensor.fill_(7)
    return network, plan


def test_a_network_comes_back_bit_for_bit(world, tmp_path):
    network, plan = slim(world)
    save_network(tmp_path, network, plan)
    again = fresh_network(world.train(), 12)
    assert load_network(tmp_path, again, SIZE, classifier=True) == plan
    saved, loaded = network.state_dict(), again.state_dict()
    assert saved.keys() == loaded.keys()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in saved.items())
    images = torch.rand(2, *SIZE)
    assert torch.equal(network.eval()(images), again.eval()(images))


def test_the_classifier_may_be_left_behind(world, tmp_path):
    network, plan = slim(world)
    save_network(tmp_path, network, plan)
    again = fresh_network(world.train(), 3)
    untouched = again.classifier.weight.clone()
    load_network(tmp_path, again, SIZE, classifier=False)
    assert torch.equal(again.classifier.weight, untouched)
    assert torch.equal(again.neck.running_mean, network.neck.running_mean)


def test_a_classifier_of_other_people_is_never_loaded_by_mistake(world, tmp_path):
    network, plan = slim(world)
    save_network(tmp_path, network, plan)
    with pytest.raises(RuntimeError, match="size mismatch for classifier"):
        load_network(tmp_path, fresh_network(world.train(), 3), SIZE, classifier=True)


@pytest.mark.parametrize("change", ["neck.running_mean", "extra"])
def test_a_head_that_does_not_fit_is_refused(world, tmp_path, change):
    network, plan = slim(world)
    save_network(tmp_path, network, plan)
    head = load_file(tmp_path / HEAD_FILE)
    if change in head:
        del head[change]
    else:
        head[change] = torch.zeros(1)
    save_file(head, tmp_path / HEAD_FILE)
    with pytest.raises(SavedNetworkError, match=f"head.*{change}"):
        load_network(tmp_path, fresh_network(world.train(), 12), SIZE, classifier=True)


def test_saving_does_not_change_the_network_and_needs_no_pickle(world, tmp_path):
    network, plan = slim(world)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    save_network(tmp_path, network, plan)
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())
    suffixes = {path.suffix for path in tmp_path.iterdir()}
    assert suffixes == {".safetensors", ".json"}


def test_the_seed_decides_the_initial_weights_whatever_the_phase(world):
    def stem(node):
        return fresh_network(node, 12).backbone.stem.weight

    first = stem(world.train())
    assert torch.equal(first, stem(world.prune(method("ByDice"), network=None)))
    assert torch.equal(first, stem(world.train(data=OTHER)))
    other = world.but(seed=1)
    assert not torch.equal(first, stem(other.train()))


def test_an_untrained_start_has_no_plan_and_the_seeds_weights(world):
    node = world.train()
    network, plan = starting_network(node, 12, world.store)
    assert plan is None
    expected = fresh_network(node, 12).state_dict()
    assert all(torch.equal(t, expected[name]) for name, t in network.state_dict().items())


def test_a_start_from_another_data_sets_network_takes_all_but_the_classifier(world):
    first = world.prune(method("ByNorm"))
    world.run(first)
    node = world.train(first, OTHER)
    network, plan = starting_network(node, 6, world.store)
    assert plan is not None
    assert network.backbone.block1.conv1.out_channels == plan.widths["block1.conv1"] < 96
    assert network.classifier.weight.shape == (6, 16)
