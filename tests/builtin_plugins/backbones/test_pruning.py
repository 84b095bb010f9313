"""The channel engine takes the built-in re-ID backbones: exact cuts, and targets that are met."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from reidbench.engine.channels import (
    ChannelGraph,
    PruningPlan,
    capture,
    highest_reduction,
    mask,
    remove,
    solve,
)
from reidbench_plugins.backbones.osnet import osnet_x0_5, osnet_x0_25, osnet_x1_0
from reidbench_plugins.backbones.resnet import resnet50
from reidbench_plugins.backbones.resnet_ibn import resnet50_ibn_a
from tests.engine.channels.networks import SMALL, embed, images, lively, random_plan

REID = (3, 256, 128)
ALL = {
    "osnet-x1-0": osnet_x1_0,
    "osnet-x0-5": osnet_x0_5,
    "osnet-x0-25": osnet_x0_25,
    "resnet50-ibn-a": resnet50_ibn_a,
}
# What scope `inner` can take away at most, each group at one twentieth.
INNER = {
    "osnet-x1-0": 0.545,
    "osnet-x0-5": 0.518,
    "osnet-x0-25": 0.478,
    "resnet50-ibn-a": 0.858,
}


def nightly_but(*names: str) -> list[object]:
    return [n if n in names else pytest.param(n, marks=pytest.mark.nightly) for n in ALL]


@cache
def dense(name: str) -> tuple[nn.Module, ChannelGraph]:
    """A lively network and its capture, made once; copy before changing it."""
    torch.manual_seed(0)
    network = lively(ALL[name]())
    return network, capture(network, SMALL)


@cache
def dense_resnet50() -> tuple[nn.Module, ChannelGraph]:
    """Return ResNet-50 and its capture; copy before changing it."""
    network = resnet50()
    return network, capture(network, SMALL)


def counted_by_torch(network: nn.Module) -> int:
    dtype = next(network.parameters()).dtype
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        copy.deepcopy(network).to("meta")(torch.empty((1, *SMALL), device="meta", dtype=dtype))
    return counter.get_total_flops() // 2


def assert_removed_equals_masked(name: str, scope: str, dtype: torch.dtype) -> None:
    network, graph = dense(name)
    plan = random_plan(graph, scope, seed=6)
    removed, masked = (copy.deepcopy(network).to(dtype) for _ in range(2))
    remove(removed, graph, plan)
    mask(masked, graph, plan)
    expected = embed(masked)
    assert (expected[0] - expected[1]).abs().max() > 1e-3, "the embedding must depend on the image"
    negligible = 1e-12 if dtype is torch.float64 else 1e-5
    assert (embed(removed) - expected).abs().max() <= negligible * max(1, expected.abs().max())
    assert graph.macs.total(plan.widths) == counted_by_torch(removed)
    assert capture(removed, SMALL).widths == plan.widths


@pytest.mark.parametrize("scope", ["inner", "all"])
@pytest.mark.parametrize("name", nightly_but("osnet-x0-25", "resnet50-ibn-a"))
def test_a_pruned_network_computes_what_the_masked_one_does(name: str, scope: str) -> None:
    assert_removed_equals_masked(name, scope, torch.float64)


# Not IBN's: the instance norm of a nearly flat map makes much of float32's last digits.
@pytest.mark.parametrize("name", nightly_but("osnet-x0-25")[:3])
def test_single_precision_is_enough(name: str) -> None:
    assert_removed_equals_masked(name, "all", torch.float32)


@pytest.mark.parametrize("name", nightly_but("osnet-x0-25", "resnet50-ibn-a"))
def test_cut_to_one_channel_a_group_it_still_embeds_and_trains(name: str) -> None:
    network, graph = dense(name)
    narrow, sizes = copy.deepcopy(network), graph.widths
    remove(narrow, graph, PruningPlan(dict.fromkeys(sizes, (0,)), sizes))
    embeddings = narrow.train()(images(narrow))
    assert embeddings.shape == (2, graph.embedding_size)
    embeddings.square().sum().backward()
    assert all(parameter.grad is not None for parameter in narrow.parameters())


@pytest.mark.parametrize("size", [SMALL, REID], ids=["64x32", "256x128"])
@pytest.mark.parametrize("name", nightly_but("osnet-x0-25", "resnet50-ibn-a"))
def test_targets_are_met_within_a_tenth_of_a_point(name: str, size: tuple[int, int, int]) -> None:
    graph = capture(ALL[name](), size)
    random = np.random.default_rng(0)
    scores = {group.name: random.random(group.size) for group in graph.groups}
    missed = {}
    for scope in ("inner", "all"):
        reach = highest_reduction(graph, scope, 0.05)
        assert scope == "all" or reach == pytest.approx(INNER[name], abs=0.006)
        for allocation in ("uniform", "global"):
            for target in (0.25, 0.5, 0.75):
                if target > reach:
                    assert name != "resnet50-ibn-a" and scope == "inner"
                    continue
                plan = solve(
                    graph,
                    scores,
                    reduction=target,
                    allocation=allocation,
                    scope=scope,
                    min_keep=0.05,
                )
                left = graph.macs.total(plan.widths) / graph.macs.total()
                if abs(1 - left - target) > 0.001:
                    missed[scope, allocation, target] = 1 - left
    assert missed == {}


def test_the_halves_of_ibn_are_groups_of_their_own() -> None:
    graph = dense("resnet50-ibn-a")[1]
    names = [f"layer3.2.{layer}" for layer in ("conv1", "conv1[2]", "conv2")]
    widths = {g.name: g.size for g in graph.in_scope("inner") if g.name.startswith("layer3.2.")}
    assert widths == dict(zip(names, (128, 128, 256), strict=True))
    instance, batch = (graph.group(name) for name in names[:2])
    assert [instance.norms[0].owner, batch.norms[0].owner] == [
        *("layer3.2.bn1.IN", "layer3.2.bn1.BN")
    ]
    whole = [g for g in graph.in_scope("inner") if g.name.startswith("layer4.0.")]
    assert [g.size for g in whole] == [512, 512]


def test_the_last_layers_of_osnet_s_streams_share_one_group_with_the_gate() -> None:
    graph = dense("osnet-x0-25")[1]
    inner = [g.name for g in graph.in_scope("inner") if g.name.startswith("conv3.0.")]
    assert inner == [
        *("conv3.0.conv1.conv", "conv3.0.conv2a.conv1", "conv3.0.gate.fc1"),
        *("conv3.0.conv2b.0.conv1", "conv3.0.conv2c.0.conv1", "conv3.0.conv2c.1.conv1"),
        *(f"conv3.0.conv2d.{place}.conv1" for place in range(3)),
    ]
    makers = {cut.owner for cut in graph.group("conv3.0.conv2a.conv1").producers}
    assert makers == {
        "conv3.0.conv2a.conv1",
        *(f"conv3.0.conv2{stream}.conv1" for stream in ("b.1", "c.2", "d.3")),
        "conv3.0.gate.fc2",
    }


@pytest.mark.parametrize(("keep", "millions"), [(0.858, 19.17), (0.574, 11.90), (0.431, 8.95)])
def test_uniform_inner_pruning_of_resnet50_has_the_paper_s_parameters(
    keep: float, millions: float
) -> None:
    """The paper counts weights and norms' scales, not their shifts: 23.48 M when dense."""
    network, graph = copy.deepcopy(dense_resnet50()[0]), dense_resnet50()[1]
    kept = {name: tuple(range(size)) for name, size in graph.widths.items()}
    for group in graph.in_scope("inner"):
        kept[group.name] = tuple(range(round(keep * group.size)))
    remove(network, graph, PruningPlan(kept, graph.widths))
    counted = sum(p.numel() for name, p in network.named_parameters() if name.endswith("weight"))
    assert counted / 1e6 == pytest.approx(millions, rel=0.002)
