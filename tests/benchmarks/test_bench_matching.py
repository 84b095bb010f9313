"""From scores to a removed network at its MACs target: what it takes, and how near it comes."""

from __future__ import annotations

from copy import deepcopy
from itertools import product
from statistics import median
from time import perf_counter

import numpy as np
import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import nn

from reidbench.engine.channels import ChannelGraph, PruningPlan, capture, remove, solve
from reidbench_plugins.backbones.resnet import resnet18, resnet50

CASES = [
    (scope, allocation, reduction)
    for scope, allocation, reduction in product(
        ("inner", "all"), ("uniform", "global"), (0.25, 0.5, 0.75)
    )
]
FLOOR = 0.02


@pytest.fixture(scope="module")
def dense() -> tuple[nn.Module, ChannelGraph]:
    """ResNet-50 at 256 x 128."""
    network = resnet50().eval()
    return network, capture(network, (3, 256, 128))


@pytest.mark.benchmark(group="matching")
@pytest.mark.parametrize(("scope", "allocation", "reduction"), CASES)
def test_from_scores_to_a_removed_network(
    benchmark: BenchmarkFixture,
    dense: tuple[nn.Module, ChannelGraph],
    scope: str,
    allocation: str,
    reduction: float,
) -> None:
    network, graph = dense
    random = np.random.default_rng(0)
    scores = {group.name: random.random(group.size) for group in graph.in_scope(scope)}
    copies: list[nn.Module] = []
    solving: list[float] = []

    def cut() -> PruningPlan:
        started = perf_counter()
        plan = solve(
            graph,
            scores,
            reduction=reduction,
            allocation=allocation,
            scope=scope,
            min_keep=FLOOR,
        )
        solving.append(perf_counter() - started)
        remove(copies[-1], graph, plan)
        return plan

    seconds: list[float] = []

    def timed() -> None:
        started = perf_counter()
        plans.append(cut())
        seconds.append(perf_counter() - started)

    plans: list[PruningPlan] = []
    rounds = 5 if benchmark.enabled else 1
    benchmark.pedantic(timed, setup=lambda: copies.append(deepcopy(network)), rounds=rounds)
    # Counted anew on the network that is left, not read off the plan.
    left = capture(copies[-1], (3, 256, 128)).macs.total()
    achieved = 1 - left / graph.macs.total()
    assert left == graph.macs.total(plans[-1].widths)
    benchmark.extra_info.update(
        scope=scope,
        allocation=allocation,
        reduction=reduction,
        seconds=median(seconds),
        solving=median(solving),
        error=100 * abs(achieved - reduction),
    )
    assert 100 * abs(achieved - reduction) <= 0.1


def test_what_is_cut_computes() -> None:
    network = resnet18().eval()
    graph = capture(network, (3, 64, 32))
    scores = {group.name: np.arange(group.size) for group in graph.in_scope("all")}
    plan = solve(graph, scores, reduction=0.5, allocation="global", scope="all", min_keep=FLOOR)
    remove(network, graph, plan)
    with torch.no_grad():
        assert network(torch.zeros(1, 3, 64, 32)).shape == (1, 512)
