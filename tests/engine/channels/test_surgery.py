"""Removing channels is exact: it computes what the masked network computes."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from reidbench.engine.channels import (
    PlanError,
    PruningPlan,
    capture,
    carry_optimizer_state,
    mask,
    remove,
    solve,
)
from tests.engine.channels.networks import (
    BACKBONES,
    HANDMADE,
    SMALL,
    dense,
    embed,
    fresh,
    images,
    random_plan,
)

SEEDS = st.integers(0, 2**31)
NEGLIGIBLE = {torch.float64: 1e-10, torch.float32: 1e-5}


def assert_removed_equals_masked(name, scope, seed, dtype=torch.float64):
    network, graph = dense(name)
    plan = random_plan(graph, scope, seed)
    removed, masked = (copy.deepcopy(network).to(dtype) for _ in range(2))
    remove(removed, graph, plan)
    mask(masked, graph, plan)
    expected = embed(masked)
    # float32 rounds in proportion to the embedding, whose largest entry is near 10 here.
    scale = max(1.0, expected.abs().max().item()) if dtype is torch.float32 else 1.0
    assert (embed(removed) - expected).abs().max() <= NEGLIGIBLE[dtype] * scale
    return removed, plan


@pytest.mark.parametrize("name", HANDMADE)
@settings(max_examples=8)
@given(seed=SEEDS)
def test_a_pruned_network_computes_what_the_masked_one_does(name, seed):
    assert_removed_equals_masked(name, "all", seed)


@pytest.mark.parametrize("dtype", NEGLIGIBLE)
@pytest.mark.parametrize(
    ("name", "scope"),
    [
        *(("resnet18-s2", "inner"), ("resnet18-s1", "all"), ("resnet34-s1", "inner")),
        *(("resnet50-s2", "inner"), ("resnet50-s1", "all"), ("resnet101-s2", "all")),
        *(("mobilenet", "inner"), ("mobilenet", "all")),
    ],
)
def test_pruned_backbones_compute_what_the_masked_ones_do(name, scope, dtype):
    assert_removed_equals_masked(name, scope, seed=6, dtype=dtype)


@pytest.mark.nightly
@pytest.mark.parametrize("dtype", NEGLIGIBLE)
@pytest.mark.parametrize("scope", ["inner", "all"])
@pytest.mark.parametrize("name", BACKBONES)
@settings(max_examples=6)
@given(seed=SEEDS)
def test_every_backbone_is_pruned_exactly(name, scope, dtype, seed):
    assert_removed_equals_masked(name, scope, seed, dtype)


@pytest.mark.parametrize("name", [*HANDMADE, "resnet18-s2", "resnet50-s1", "mobilenet"])
def test_masking_changes_the_output_so_the_comparison_means_something(name):
    network, graph = fresh(name)
    before = embed(network)
    assert (before[0] - before[1]).abs().max() > 1e-3, "the embedding must depend on the image"
    mask(network, graph, random_plan(graph, "all", 3))
    assert (embed(network) - before).abs().max() > 1e-3


@pytest.mark.parametrize("name", [*HANDMADE, "resnet18-s1", "resnet50-s2", "mobilenet"])
def test_a_pruned_network_is_captured_again_under_the_same_names(name):
    removed, plan = assert_removed_equals_masked(name, "all", seed=11)
    assert capture(removed, SMALL).widths == plan.widths


@pytest.mark.parametrize("name", ["depthwise", "grouped-blocks", "grouped-lanes", "mobilenet"])
def test_groups_cut_to_one_channel_keep_their_names(name):
    network, graph = fresh(name)
    sizes = graph.widths
    remove(network, graph, PruningPlan({n: (size - 1,) for n, size in sizes.items()}, sizes))
    assert capture(network, SMALL).widths == dict.fromkeys(sizes, 1)


@pytest.mark.parametrize("name", [*HANDMADE, "resnet18-s2"])
@settings(max_examples=3)
@given(first=SEEDS, second=SEEDS)
def test_pruning_twice_equals_pruning_once_by_the_composed_plan(name, first, second):
    twice, graph = fresh(name)
    early = random_plan(graph, "all", first)
    remove(twice, graph, early)
    again = capture(twice, SMALL)
    late = random_plan(again, "all", second)
    remove(twice, again, late)
    once, graph = fresh(name)
    remove(once, graph, early.then(late))
    assert torch.equal(embed(once), embed(twice))


@pytest.mark.parametrize("name", [*HANDMADE, "resnet18-s2", "mobilenet"])
def test_a_pruned_network_trains(name):
    removed, _ = assert_removed_equals_masked(name, "all", seed=2)
    removed.train()
    removed(images(removed)).square().sum().backward()
    without = [n for n, p in removed.named_parameters() if p.grad is None and "neck" not in n]
    assert without == []


def test_layers_report_their_new_sizes():
    network, graph = fresh("mobilenet")
    plan = random_plan(graph, "all", 9)
    remove(network, graph, plan)
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            rows, columns = part.weight.shape[:2]
            assert (part.out_channels, part.in_channels) == (rows, columns * part.groups)
        elif isinstance(part, nn.BatchNorm2d):
            assert part.num_features == part.weight.numel() == part.running_var.numel()


def test_the_plan_that_keeps_everything_changes_nothing():
    network, graph = fresh("resnet18-s2")
    parameters = list(network.parameters())
    assert remove(network, graph, PruningPlan.everything(graph)).cuts == ()
    assert all(a is b for a, b in zip(parameters, network.parameters(), strict=True))


def test_a_plan_for_another_network_is_refused_before_anything_changes():
    network, graph = fresh("resnet18-s2")
    other = PruningPlan.everything(dense("resnet50-s2")[1])
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(PlanError, match="group"):
        remove(network, graph, other)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_frozen_parameters_and_gradients_survive_surgery():
    network, graph = fresh("resnet18-s2")
    network.conv1.weight.requires_grad_(False)
    network(images(network)).sum().backward()
    plan = random_plan(graph, "all", 4)
    expected = network.layer1[0].conv2.weight.grad.clone()
    remove(network, graph, plan)
    rows, columns = plan.kept["conv1"], plan.kept["layer1.0.conv1"]
    assert not network.conv1.weight.requires_grad
    assert torch.equal(network.layer1[0].conv2.weight.grad, expected[list(rows)][:, list(columns)])


@pytest.mark.parametrize(
    "make",
    [
        lambda ps: torch.optim.SGD(ps, lr=0.1, momentum=0.9),
        lambda ps: torch.optim.Adam(ps, lr=1e-3),
        lambda ps: torch.optim.SGD(ps, lr=0.1),
    ],
    ids=["momentum", "adam", "plain"],
)
def test_the_optimizer_goes_on_with_the_kept_part_of_its_state(make):
    network, graph = fresh("shared-gate")
    optimizer = make(network.parameters())
    network(images(network)).square().sum().backward()
    optimizer.step()
    states = {p: dict(optimizer.state[p]) for p in network.parameters()}
    removal = remove(network, graph, random_plan(graph, "all", 8))
    carry_optimizer_state(optimizer, removal)

    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    assert held == {id(p) for p in network.parameters()}
    assert removal.cuts
    for cut in removal.cuts:
        for key, value in states[cut.old].items():
            kept = value
            if isinstance(value, torch.Tensor) and value.shape == cut.old.shape:
                for dim, index in cut.indices:
                    kept = kept.index_select(dim, index)
            new = optimizer.state[cut.new][key]
            assert new is kept or torch.equal(new, kept)
    network(images(network)).square().sum().backward()
    optimizer.step()


def test_a_solved_inner_plan_narrows_blocks_and_leaves_the_stream():
    network, graph = fresh("resnet18-s2")
    scores = {g.name: range(g.size) for g in graph.groups}
    plan = solve(graph, scores, reduction=0.5, allocation="uniform", scope="inner", min_keep=0.05)
    remove(network, graph, plan)
    assert network.layer1[0].conv1.out_channels == plan.widths["layer1.0.conv1"] < 64
    assert network.layer1[0].conv2.out_channels == 64
