"""Widths in multiples: what kernels like, near the reduction that was asked for."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from reidbench.engine.channels import ImpossibleReduction, capture, highest_reduction, solve
from reidbench.engine.channels.graph import ChannelGraph
from reidbench.errors import ReidbenchError
from tests.engine.channels.networks import mobilenet, resnet


@pytest.fixture(scope="module")
def graphs() -> dict[str, ChannelGraph]:
    return {
        "resnet50": capture(resnet(50), (3, 256, 128)),
        "mobilenet": capture(mobilenet(), (3, 256, 128)),
    }


class Chain(nn.Module):
    """Three convolutions of chosen widths, small enough to try every choice of widths."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in itertools.pairwise((3, *widths, 4))
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        for conv in self.convs:
            images = conv(images).relu()
        return images.mean((2, 3))


def scores_of(graph: ChannelGraph, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {group.name: random.random(group.size) for group in graph.groups}


@pytest.mark.parametrize("multiple", [8, 16])
@pytest.mark.parametrize("allocation", ["uniform", "global"])
@pytest.mark.parametrize("scope", ["inner", "all"])
@pytest.mark.parametrize("name", ["resnet50", "mobilenet"])
def test_widths_are_multiples_and_the_reduction_is_near(graphs, name, scope, allocation, multiple):
    graph = graphs[name]
    plan = solve(
        graph,
        scores_of(graph),
        reduction=0.5,
        allocation=allocation,
        scope=scope,
        min_keep=0.05,
        round_to=multiple,
    )
    odd = {n: w for n, w in plan.widths.items() if w % multiple and w != plan.sizes[n]}
    assert odd == {}
    assert len(plan.dropped) > 10
    assert abs(1 - graph.macs.total(plan.widths) / graph.macs.total() - 0.5) < 0.01


def test_a_multiple_of_one_is_the_plan_without_any(graphs):
    graph = graphs["resnet50"]
    asked = {"reduction": 0.4, "allocation": "global", "scope": "inner", "min_keep": 0.05}
    assert solve(graph, scores_of(graph), **asked, round_to=1) == solve(
        graph, scores_of(graph), **asked
    )


def test_each_group_loses_its_lowest_ranks(graphs):
    graph = graphs["mobilenet"]
    scores = scores_of(graph, 3)
    plan = solve(
        graph, scores, reduction=0.5, allocation="global", scope="all", min_keep=1, round_to=8
    )
    for name, kept in plan.kept.items():
        gone = np.delete(scores[name], kept)
        assert not len(gone) or gone.max() <= scores[name][list(kept)].min()


@settings(max_examples=25)
@given(
    widths=st.lists(st.integers(1, 24), min_size=2, max_size=3),
    multiple=st.sampled_from([2, 3, 4, 8]),
    reduction=st.floats(0.05, 0.9),
)
def test_no_choice_of_uniform_widths_is_nearer_by_more_than_one_block(widths, multiple, reduction):
    graph = capture(Chain(*widths), (3, 8, 8))
    assume(reduction <= highest_reduction(graph, "all", 1, multiple))
    plan = solve(
        graph,
        scores_of(graph),
        reduction=reduction,
        allocation="uniform",
        scope="all",
        min_keep=1,
        round_to=multiple,
    )
    allowed = {
        group.name: [group.size, *(w for w in range(1, group.size) if w % multiple == 0)]
        for group in graph.in_scope("all")
    }
    assert all(width in allowed[name] for name, width in plan.widths.items())
    dense = graph.macs.total()
    missed = abs(graph.macs.total(plan.widths) / dense - (1 - reduction))
    # One block more or fewer in one group is all that separates it from the target.
    steps = [
        abs(graph.macs.total({**plan.widths, name: width}) - graph.macs.total(plan.widths)) / dense
        for name, choices in allowed.items()
        for width in choices
        if width != plan.widths[name] and abs(width - plan.widths[name]) < 2 * multiple
    ]
    assert missed <= max(steps, default=0) + 1e-9


def test_groups_too_narrow_for_the_multiple_stay_whole():
    graph = capture(Chain(6, 32), (3, 8, 8))
    plan = solve(
        graph,
        scores_of(graph),
        reduction=0.3,
        allocation="uniform",
        scope="all",
        min_keep=1,
        round_to=8,
    )
    assert plan.widths["convs.0"] == 6
    assert plan.widths["convs.1"] % 8 == 0


def test_out_of_reach_names_the_multiple():
    graph = capture(Chain(8, 8), (3, 8, 8))
    assert math.isclose(highest_reduction(graph, "all", 1, 8), 0)
    with pytest.raises(ImpossibleReduction, match=r"round_to 8 at most 0\.0000"):
        solve(
            graph,
            scores_of(graph),
            reduction=0.5,
            allocation="uniform",
            scope="all",
            min_keep=1,
            round_to=8,
        )


@pytest.mark.parametrize("multiple", [0, -8])
def test_a_multiple_below_one_is_refused(graphs, multiple):
    with pytest.raises(ReidbenchError, match=f"round_to {multiple} must be"):
        highest_reduction(graphs["resnet50"], "all", 1, multiple)
