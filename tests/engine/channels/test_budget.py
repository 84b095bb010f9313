"""The solver hits a MACs target by rank alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reidbench.engine.channels import (
    ImpossibleReduction,
    ScopeError,
    ScoreError,
    capture,
    highest_reduction,
    solve,
)
from reidbench.errors import ReidbenchError
from tests.engine.channels.networks import dense, mobilenet, resnet

REID = (3, 256, 128)


@pytest.fixture(scope="module")
def graphs():
    made = {f"resnet{d}-s{s}": capture(resnet(d, s), REID) for d in (18, 34, 50) for s in (2, 1)}
    return {
        **made,
        "resnet101-s2": capture(resnet(101), REID),
        "mobilenet": capture(mobilenet(), REID),
    }


def random_scores(graph, seed=0):
    random = np.random.default_rng(seed)
    return {group.name: random.random(group.size) for group in graph.groups}


def reduction_of(graph, plan):
    return 1 - graph.macs.total(plan.widths) / graph.macs.total()


@pytest.mark.parametrize("allocation", ["uniform", "global"])
@pytest.mark.parametrize("scope", ["inner", "all"])
def test_every_backbone_is_matched_within_a_tenth_of_a_point(graphs, allocation, scope):
    missed = {}
    for name, graph in graphs.items():
        for reduction in (0.25, 0.5, 0.75):
            if reduction > highest_reduction(graph, scope, 0.05):
                assert (name, scope) == ("mobilenet", "inner")
                continue
            plan = solve(
                graph,
                random_scores(graph),
                reduction=reduction,
                allocation=allocation,
                scope=scope,
                min_keep=0.05,
            )
            error = abs(reduction_of(graph, plan) - reduction)
            if error > 0.001:
                missed[name, reduction] = error
    assert missed == {}


@pytest.mark.parametrize(
    ("name", "fractions", "floor"),
    [
        ("resnet18-s2", (0.734, 0.462, 0.191), 0.083),
        ("resnet18-s1", (0.738, 0.476, 0.210), 0.056),
        ("resnet34-s2", (0.742, 0.484, 0.222), 0.044),
        ("resnet34-s1", (0.746, 0.488, 0.232), 0.033),
        ("resnet50-s2", (0.802, 0.562, 0.249), 0.120),
        ("resnet50-s1", (0.800, 0.562, 0.240), 0.129),
    ],
)
def test_uniform_keeps_the_published_fraction_of_inner_channels(graphs, name, fractions, floor):
    graph = graphs[name]
    groups = graph.in_scope("inner")
    narrowest = min(group.size for group in groups)
    for reduction, fraction in zip((0.25, 0.5, 0.75), fractions, strict=True):
        plan = solve(
            graph,
            random_scores(graph),
            reduction=reduction,
            allocation="uniform",
            scope="inner",
            min_keep=1,
        )
        for group in groups:
            assert abs(plan.widths[group.name] / group.size - fraction) <= 1 / narrowest
    assert 1 - highest_reduction(graph, "inner", 1) == pytest.approx(floor, abs=0.0006)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**31),
    reduction=st.floats(0.0, 0.85),
    allocation=st.sampled_from(["uniform", "global"]),
    scope=st.sampled_from(["inner", "all"]),
    min_keep=st.sampled_from([0.05, 0.1, 1, 3]),
)
def test_the_lowest_ranks_go_and_every_group_keeps_its_floor(
    seed, reduction, allocation, scope, min_keep
):
    graph = dense("resnet18-s2")[1]
    scores = random_scores(graph, seed)
    arguments = {"reduction": reduction, "allocation": allocation, "scope": scope}
    assume(reduction <= highest_reduction(graph, scope, min_keep))
    plan = solve(graph, scores, **arguments, min_keep=min_keep)
    in_scope = {group.name for group in graph.in_scope(scope)}
    for name, size in graph.widths.items():
        kept = set(plan.kept[name])
        gone = set(range(size)) - kept
        floor = min_keep if isinstance(min_keep, int) else np.ceil(min_keep * size)
        assert len(kept) >= floor
        assert not gone or name in in_scope
        assert not gone or scores[name][list(gone)].max() < scores[name][list(kept)].min()


def slowly_solved(graph, scores, reduction, allocation, scope, floor):
    """Remove channel after channel, count everything each time, and take the nearest."""
    candidates = []
    for place, group in enumerate(graph.in_scope(scope)):
        order = sorted(range(group.size), key=lambda c, g=group: (scores[g.name][c], c))
        for step, channel in enumerate(order[: group.size - floor]):
            even = (step + 0.5) / group.size
            key = even if allocation == "uniform" else scores[group.name][channel]
            candidates.append((key, place, step, group.name))
    widths = dict(graph.widths)
    target = (1 - reduction) * graph.macs.total()
    best = (abs(graph.macs.total() - target), dict(widths))
    for *_, name in sorted(candidates):
        widths[name] -= 1
        distance = abs(graph.macs.total(widths) - target)
        if distance < best[0]:
            best = (distance, dict(widths))
    return best


@pytest.mark.parametrize("name", ["resnet18-s2", "shared-gate", "grouped-blocks", "flattened"])
@settings(max_examples=6)
@given(
    seed=st.integers(0, 2**31),
    reduction=st.floats(0.05, 0.6),
    allocation=st.sampled_from(["uniform", "global"]),
)
def test_it_is_at_least_as_near_as_a_slow_search_of_the_ranking(name, seed, reduction, allocation):
    graph = dense(name)[1]
    if reduction > highest_reduction(graph, "all", 1):
        return
    scores = random_scores(graph, seed)
    plan = solve(graph, scores, reduction=reduction, allocation=allocation, scope="all", min_keep=1)
    distance, widths = slowly_solved(graph, scores, reduction, allocation, "all", 1)
    own = abs(graph.macs.total(plan.widths) - (1 - reduction) * graph.macs.total())
    assert own <= distance + 1e-6 * graph.macs.total()
    if distance <= 0.0004 * graph.macs.total():
        assert own < distance or plan.widths == widths


@pytest.mark.parametrize("allocation", ["uniform", "global"])
def test_equal_scores_go_by_index(allocation):
    graph = dense("resnet18-s2")[1]
    scores = {group.name: np.zeros(group.size) for group in graph.groups}
    plan = solve(graph, scores, reduction=0.3, allocation=allocation, scope="inner", min_keep=0.05)
    for name, kept in plan.kept.items():
        assert kept == tuple(range(graph.widths[name] - len(kept), graph.widths[name]))


def test_global_allocation_empties_low_groups_first_but_never_below_the_floor():
    graph = dense("resnet18-s2")[1]
    scores = {group.name: np.ones(group.size) for group in graph.groups}
    scores["layer3.1.conv1"] = np.zeros(256)
    plan = solve(graph, scores, reduction=0.2, allocation="global", scope="inner", min_keep=0.05)
    assert plan.widths["layer3.1.conv1"] == 13


def test_tensors_and_lists_serve_as_scores():
    graph = dense("resnet18-s2")[1]
    arguments = {"reduction": 0.4, "allocation": "uniform", "scope": "all", "min_keep": 0.05}
    arrays = random_scores(graph)
    tensors = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    lists = {name: array.tolist() for name, array in arrays.items()}
    plans = [solve(graph, scores, **arguments) for scores in (arrays, tensors, lists)]
    assert plans[0] == plans[1] == plans[2]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (None, "no scores"),
        ([1.0, 2.0], r"\(64,\)"),
        ([float("nan")] * 64, "channel 0"),
        ([0.0] * 63 + [float("inf")], "channel 63"),
    ],
)
def test_scores_that_do_not_fit_are_refused_by_group(bad, words):
    graph = dense("resnet18-s2")[1]
    scores = random_scores(graph)
    scores["layer1.1.conv1"] = bad
    if bad is None:
        del scores["layer1.1.conv1"]
    with pytest.raises(ScoreError, match=words) as caught:
        solve(graph, scores, reduction=0.5, allocation="uniform", scope="inner", min_keep=0.05)
    assert "layer1.1.conv1" in str(caught.value)


def test_a_reduction_out_of_reach_says_how_far_the_scope_goes():
    graph = dense("resnet50-s2")[1]
    highest = highest_reduction(graph, "inner", 0.05)
    with pytest.raises(ImpossibleReduction, match=f"{highest:.4f}") as caught:
        solve(
            graph,
            random_scores(graph),
            reduction=0.95,
            allocation="uniform",
            scope="inner",
            min_keep=0.05,
        )
    assert "scope all" in str(caught.value)


def test_the_highest_reduction_is_itself_reachable():
    graph = dense("resnet18-s2")[1]
    highest = highest_reduction(graph, "all", 0.05)
    plan = solve(
        graph,
        random_scores(graph),
        reduction=highest,
        allocation="global",
        scope="all",
        min_keep=0.05,
    )
    assert reduction_of(graph, plan) == pytest.approx(highest)


@pytest.mark.parametrize(
    "wrong",
    [{"reduction": -0.1}, {"allocation": "even"}, {"min_keep": 1.5}, {"scope": "outer"}],
)
def test_wrong_settings_are_refused(wrong):
    graph = dense("resnet18-s2")[1]
    settings = {"reduction": 0.5, "allocation": "uniform", "scope": "inner", "min_keep": 0.05}
    with pytest.raises(ReidbenchError):
        solve(graph, random_scores(graph), **{**settings, **wrong})


def test_an_empty_inner_scope_points_to_the_other_one():
    with pytest.raises(ScopeError, match="scope 'all'"):
        dense("concatenated")[1].in_scope("inner")
