"""MACs and parameters are counted exactly, dense and pruned."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from reidbench.engine.channels import PlanError, PruningPlan, capture, parameters, remove
from tests.engine.channels.networks import HANDMADE, dense, lively, mobilenet, random_plan, resnet

REID = (3, 256, 128)
GOLDEN = {
    (18, 2): (1_184_366_592, 11_176_512),
    (18, 1): (1_989_672_960, 11_176_512),
    (34, 2): (2_392_326_144, 21_284_672),
    (34, 1): (3_650_617_344, 21_284_672),
    (50, 2): (2_669_150_208, 23_508_032),
    (50, 1): (4_053_270_528, 23_508_032),
}


def counted_by_torch(network: nn.Module, input_size: tuple[int, int, int]) -> int:
    """torch's own counter, on shapes alone; it counts two FLOPs a MAC."""
    network = copy.deepcopy(network).eval().to("meta")
    like = next(network.parameters())
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        network(torch.empty((1, *input_size), device="meta", dtype=like.dtype))
    return counter.get_total_flops() // 2


@pytest.mark.parametrize(("depth", "last_stride"), GOLDEN)
def test_resnets_have_their_known_macs_and_parameters(depth, last_stride):
    network = resnet(depth, last_stride)
    graph = capture(network, REID)
    assert (graph.macs.total(), parameters(network)) == GOLDEN[depth, last_stride]


@pytest.mark.parametrize("make", [lambda: resnet(18), lambda: resnet(50, 1), mobilenet])
def test_the_model_agrees_with_torchs_counter_on_pruned_networks(make):
    network = make()
    graph = capture(network, REID)
    assert graph.macs.total() == counted_by_torch(network, REID)
    for seed in range(3):
        pruned, plan = copy.deepcopy(network), random_plan(graph, "all", seed)
        remove(pruned, graph, plan)
        assert graph.macs.total(plan.widths) == counted_by_torch(pruned, REID)


@pytest.mark.parametrize("name", HANDMADE)
@settings(max_examples=6)
@given(seed=st.integers(0, 2**31))
def test_every_coupling_is_counted_as_torch_counts_it(name, seed):
    network, graph = dense(name)
    pruned, plan = copy.deepcopy(network), random_plan(graph, "all", seed)
    remove(pruned, graph, plan)
    assert graph.macs.total(plan.widths) == counted_by_torch(pruned, graph.input_size)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.attention = nn.Conv2d(3, 16, 8, 8), nn.MultiheadAttention(16, 4)
        self.enlarge, self.shrink = nn.Linear(16, 24), nn.Linear(24, 16)
        self.norm = nn.LayerNorm(16)

    def forward(self, images):
        tokens = self.stem(images).flatten(2).permute(2, 0, 1)
        mixed, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        tokens = self.norm(tokens + mixed)
        return (tokens + self.shrink(torch.relu(self.enlarge(tokens)))).mean(0)


def test_attention_products_are_counted_and_heads_and_mlp_are_pruned():
    network = lively(Attention())
    graph = capture(network, (3, 64, 32))
    assert graph.widths == {"attention": 4, "enlarge": 24}
    images = 32  # tokens
    projections = images * 16 * (3 * 16 + 16)
    products = 2 * images * images * 16
    expected = images * 16 * 3 * 64 + projections + products + 2 * images * 16 * 24
    assert graph.macs.total() == expected


@pytest.mark.parametrize(("keep", "millions"), [(0.858, 19.17), (0.574, 11.90), (0.431, 8.95)])
def test_inner_pruning_of_resnet50_has_the_papers_parameter_counts(keep, millions):
    network = resnet(50)
    graph = capture(network, (3, 64, 32))
    kept = {name: tuple(range(size)) for name, size in graph.widths.items()}
    for group in graph.in_scope("inner"):
        kept[group.name] = tuple(range(round(keep * group.size)))
    remove(network, graph, PruningPlan(kept, graph.widths))
    assert parameters(network) / 1e6 == pytest.approx(millions, rel=0.003)


def test_many_width_vectors_are_counted_at_once():
    graph = dense("mobilenet")[1]
    random = np.random.default_rng(0)
    rows = random.integers(1, graph.macs.sizes + 1, size=(20, len(graph.macs.names)))
    each = [
        graph.macs.total(dict(zip(graph.macs.names, map(int, row), strict=True))) for row in rows
    ]
    assert graph.macs.totals(rows).tolist() == each


@pytest.mark.parametrize("widths", [{"conv": 3}, {"conv1": 65}, {"conv1": -1}])
def test_widths_that_do_not_exist_are_refused(widths):
    with pytest.raises(PlanError, match="conv1"):
        dense("resnet18-s2")[1].macs.total(widths)
