"""A peer agrees: Torch-Pruning removes the same channels to the same effect, and ranks alike."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from reidbench.engine.channels import ChannelGroup, capture, parameters, remove, view
from reidbench_plugins.methods.weights.bn_scale import BnScale
from reidbench_plugins.methods.weights.l1 import L1
from reidbench_plugins.methods.weights.l2 import L2
from reidbench_plugins.methods.weights.lamp import Lamp
from tests.engine.channels.networks import SMALL, dense, embed, images, random_plan

tp = pytest.importorskip("torch_pruning")

SEEDS = st.integers(0, 2**31)
PAIRS = [
    *(("resnet18-s2", "inner"), ("resnet18-s1", "all"), ("resnet50-s2", "inner")),
    *(("resnet50-s1", "all"), ("mobilenet", "inner"), ("mobilenet", "all")),
]


def traced(network: nn.Module):
    return tp.DependencyGraph().build_dependency(network, images(network), verbose=False)


def theirs(dependencies, group: str, channels):
    """Torch-Pruning's group of ``channels`` of the layer that our group is named for."""
    layer = dependencies.model.get_submodule(group)
    prune = dependencies.get_pruner_of_module(layer).prune_out_channels
    return dependencies.get_pruning_group(layer, prune, list(channels))


def assert_both_remove_the_same(name: str, scope: str, seed: int) -> None:
    network, graph = dense(name)
    plan = random_plan(graph, scope, seed)
    ours, peers = copy.deepcopy(network), copy.deepcopy(network)
    remove(ours, graph, plan)
    dependencies = traced(peers)
    for group, gone in plan.dropped.items():
        theirs(dependencies, group, gone).prune()

    assert parameters(ours) == parameters(peers)
    shapes = {key: value.shape for key, value in peers.state_dict().items()}
    assert {key: value.shape for key, value in ours.state_dict().items()} == shapes
    expected = embed(peers)
    torch.testing.assert_close(embed(ours), expected, rtol=1e-10, atol=1e-10)
    if plan.dropped:
        assert (embed(network) - expected).abs().max() > 1e-6, "the cut must show in the output"


@pytest.mark.parametrize(("name", "scope"), PAIRS)
@settings(max_examples=3)
@given(seed=SEEDS)
@example(seed=7)
def test_both_leave_the_same_parameters_and_the_same_outputs(name, scope, seed):
    assert_both_remove_the_same(name, scope, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("scope", ["inner", "all"])
@pytest.mark.parametrize("name", ["resnet34-s1", "resnet50-s1", "resnet101-s2", "mobilenet"])
@settings(max_examples=15)
@given(seed=SEEDS)
def test_both_agree_on_every_backbone(name, scope, seed):
    assert_both_remove_the_same(name, scope, seed)


@pytest.mark.parametrize("name", ["resnet18-s2", "resnet50-s1", "mobilenet"])
def test_both_tie_the_same_tensors_together(name):
    network, graph = dense(name)
    dependencies = traced(copy.deepcopy(network))
    names = {layer: path for path, layer in dependencies.model.named_modules()}
    for group in graph.in_scope("all"):
        found = set()
        for dependency, _ in theirs(dependencies, group.name, range(group.size)):
            rows = dependencies.is_out_channel_pruning_fn(dependency.handler)
            if path := names.get(dependency.target.module):
                found.add((path, 0 if rows else 1))
        learnt = (nn.Conv2d, nn.Linear, nn.modules.batchnorm._BatchNorm)
        layers = {path for path, layer in network.named_modules() if isinstance(layer, learnt)}
        ties = {(cut.owner, cut.dim) for cut in group.slices}
        assert ties == {tie for tie in found if tie[0] in layers}


@pytest.mark.parametrize("name", ["resnet18-s2", "mobilenet"])
@settings(max_examples=2)
@given(seed=SEEDS)
def test_both_name_the_same_channels_after_both_have_cut(name, seed):
    network, graph = dense(name)
    plan = random_plan(graph, "all", seed)
    peers = copy.deepcopy(network)
    dependencies = traced(peers)
    for group, gone in plan.dropped.items():
        theirs(dependencies, group, gone).prune()
    left = capture(peers, SMALL).widths
    assert {name: left[name] for name in plan.widths} == plan.widths
    # A depthwise convolution of one channel is an ordinary one, and so a group of its own.
    assert all(left[name] == 1 for name in left.keys() - plan.widths.keys())


# Where the peer's criteria are the papers': of the first layer alone, not averaged.
CRITERIA = {
    L1: lambda: tp.importance.MagnitudeImportance(1, group_reduction="first", normalizer=None),
    L2: lambda: tp.importance.MagnitudeImportance(2, group_reduction="first", normalizer=None),
}


def inner(name: str):
    """Groups inside blocks, which one layer produces; with a float32 copy, as the peer sums."""
    network, graph = dense(name)
    network = copy.deepcopy(network).float()
    return network, graph, graph.in_scope("inner")


def assert_same_order(ours: Tensor, peers: Tensor) -> None:
    """Where the peer's float32 sums tie or nearly so, either order is right."""
    ours, peers = ours.double(), peers.double()
    ranked = ours[torch.argsort(peers, stable=True)]
    assert (ranked.diff() >= -1e-5 * ranked.abs().max()).all()
    assert ranked[-1] > ranked[0], "an order of equals says nothing"


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda method: method.__name__)
@pytest.mark.parametrize("name", ["resnet18-s2", "resnet50-s2"])
def test_both_rank_filters_alike(name, criterion):
    network, graph, groups = inner(name)
    importance = CRITERIA[criterion]()
    dependencies = traced(network)
    for group in groups:
        peers = importance(theirs(dependencies, group.name, range(group.size)))
        assert_same_order(criterion().scores(view(network, graph, group), None), peers)


@pytest.mark.parametrize("name", ["resnet18-s2", "resnet50-s2"])
def test_both_give_the_same_layer_adaptive_magnitudes(name):
    """As numbers, since layers are compared by them: the peer sums in float32, in another order."""
    network, graph, groups = inner(name)
    importance = tp.importance.LAMPImportance(p=2, group_reduction="first")
    dependencies = traced(network)
    for group in groups:
        peers = importance(theirs(dependencies, group.name, range(group.size)))
        ours = Lamp().scores(view(network, graph, group), None)
        torch.testing.assert_close(ours, peers, atol=1e-4, rtol=0)
        assert ours.max() == 1 > 50 * ours.min()


@pytest.mark.parametrize("scope", ["inner", "all"])
@pytest.mark.parametrize("name", ["resnet18-s2", "mobilenet"])
def test_both_average_the_same_batch_norm_scales(name, scope):
    network, graph = dense(name)
    network = copy.deepcopy(network).float()
    importance = tp.importance.BNScaleImportance(normalizer=None)
    dependencies = traced(network)
    for group in graph.in_scope(scope):
        peers = importance(theirs(dependencies, group.name, range(group.size)))
        ours = BnScale().scores(view(network, graph, group), None)
        torch.testing.assert_close(ours, peers)


def producer(network: nn.Module, group: ChannelGroup) -> nn.Module:
    (made_by,) = group.producers
    return network.get_submodule(made_by.owner)


@pytest.mark.parametrize("name", ["resnet18-s2", "resnet50-s2"])
@pytest.mark.parametrize("squared_after_the_sum", [False, True])
def test_both_give_the_same_taylor_expansion_of_filters(name, squared_after_the_sum):
    network, _, groups = inner(name)
    network(images(network)).square().sum().backward()
    importance = tp.importance.TaylorImportance(
        group_reduction="first", normalizer=None, multivariable=squared_after_the_sum
    )
    dependencies = traced(network)
    for group in groups:
        weight = producer(network, group).weight
        products = (weight * weight.grad).flatten(1).detach()
        ours = products.sum(dim=1).square() if squared_after_the_sum else products.abs().sum(dim=1)
        peers = importance(theirs(dependencies, group.name, range(group.size)))
        assert_same_order(ours, peers.square() if squared_after_the_sum else peers)
