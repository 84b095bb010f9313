"""The scores of ``tp-pruner`` put first what Torch-Pruning's own pruner removes."""

from __future__ import annotations

import copy
from functools import cache
from typing import NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from reidbench.api import Group
from reidbench.engine.channels import PruningPlan, capture, remove, solve, view

tp = pytest.importorskip("torch_pruning")

from reidbench_plugins.methods.peers import pruner  # noqa: E402
from reidbench_plugins.methods.peers.bridge import Dependencies  # noqa: E402
from reidbench_plugins.methods.peers.pruner import (  # noqa: E402
    CLOSE_ENOUGH,
    Attempt,
    Reach,
    TpPruner,
    macs,
    ranked,
    search,
)
from tests.builtin_plugins.methods.peers.tp_task import (  # noqa: E402
    NETWORKS,
    SIZE,
    PeerTask,
    dense,
    scored,
    task,
)

CASES = [(name, scope) for name in NETWORKS for scope in ("inner", "all")]
MAGNITUDE = tp.importance.GroupMagnitudeImportance(p=2)


def prune(ranking: PeerTask, ratio: float) -> Attempt:
    reach = Reach.of(Dependencies(ranking.network), ranking.groups)
    return reach.prune(ranking.network, ratio, MAGNITUDE)


def plan_of(attempt: Attempt, graph) -> PruningPlan:
    kept = {
        name: tuple(sorted(set(range(size)) - attempt.gone.get(name, frozenset())))
        for name, size in graph.widths.items()
    }
    return PruningPlan(kept, graph.widths)


@pytest.mark.parametrize(("name", "scope"), CASES)
def test_the_channels_read_off_are_all_that_the_pruner_took(name, scope):
    ranking, graph = task(name, scope, data="weights")
    attempt = prune(ranking, 0.3)
    network = copy.deepcopy(dense(name)[0])
    before = macs(network)
    remove(network, graph, plan_of(attempt, graph))
    # With the same channels taken by our surgery, its own count comes out the same.
    assert macs(network) == attempt.macs < before


def test_nothing_outside_the_scope_is_taken():
    ranking, graph = task("resnet18", "inner")
    gone = prune(ranking, 0.5).gone
    assert gone
    assert set(gone) <= {group.name for group in graph.in_scope("inner")}


def test_layers_of_one_pruner_do_not_leak_into_the_next():
    """Its default arguments are dictionaries that each pruner would write its layers into."""
    grouped = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=2), nn.Conv2d(8, 4, 1)
    )
    Reach([], ["0"]).prune(grouped, 0.3, MAGNITUDE)
    defaults = [value for value in tp.BasePruner.__init__.__defaults__ if isinstance(value, dict)]
    assert defaults
    assert not any(defaults)


class Searched(NamedTuple):
    """What ``tp-pruner`` did at a reduction: its method, its search's attempt, and its scores."""

    method: TpPruner
    attempt: Attempt
    scores: dict[str, torch.Tensor]


@cache
def searched(name: str, scope: str, reduction: float) -> Searched:
    """Search once for all tests of one case, which takes seconds."""
    found: list[Attempt] = []

    def spying(*arguments: object) -> Attempt:
        found.append(search(*arguments))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruner, "search", spying)
        method = TpPruner()
        scores = scored(method, task(name, scope, data="weights", reduction=reduction)[0])
    (attempt,) = found
    return Searched(method, attempt, scores)


@pytest.mark.parametrize("reduction", [0.25, 0.6])
@pytest.mark.parametrize(("name", "scope"), CASES)
def test_what_it_removes_scores_below_all_that_it_keeps(name, scope, reduction):
    method, attempt, scores = searched(name, scope, reduction)
    ranks = torch.cat(list(scores.values()))
    assert ranks.sort().values.tolist() == list(range(len(ranks)))
    gone = sum(map(len, attempt.gone.values()))
    assert gone == sum(int((values < gone).sum()) for values in scores.values())
    for group, values in scores.items():
        assert set((values < gone).nonzero().flatten().tolist()) == attempt.gone.get(group, set())
    assert attempt.macs == pytest.approx(method._dense * (1 - reduction), rel=5 * CLOSE_ENOUGH)


@pytest.mark.parametrize("reduction", [0.25, 0.6])
@pytest.mark.parametrize(("name", "scope"), CASES)
def test_the_harness_only_trims_or_fills_to_the_exact_target(name, scope, reduction):
    scores, graph = searched(name, scope, reduction).scores, dense(name)[1]
    plan = solve(graph, scores, reduction=reduction, allocation="global", scope=scope, min_keep=1)
    left = graph.macs.total(plan.widths) / graph.macs.total()
    assert left == pytest.approx(1 - reduction, abs=0.005)
    size = sum(map(len, scores.values()))
    cut = sum(map(len, plan.dropped.values()))
    lowest = sum(
        int((scores[group][list(gone)] < cut).sum()) for group, gone in plan.dropped.items()
    )
    # A layer's last channel stays, and a few cheap ones beyond the cut fill the gap.
    assert cut - lowest <= len(scores) + 0.02 * size


def test_a_later_round_counts_from_the_first_network():
    ranking, graph = task("resnet18", "inner", reduction=0.3)
    method = TpPruner()
    scores = scored(method, ranking)
    dense_macs = method._dense
    plan = solve(graph, scores, reduction=0.3, allocation="global", scope="inner", min_keep=1)
    remove(ranking.network, graph, plan)
    scored(method, PeerTask(ranking.network, refreshed(ranking), 512, reduction=0.5))
    assert method._dense == dense_macs > macs(ranking.network)


def refreshed(ranking: PeerTask) -> list[Group]:
    graph = capture(ranking.network, SIZE)
    return [view(ranking.network, graph, group) for group in graph.in_scope("inner")]


def test_for_a_target_that_no_ratio_reaches_its_furthest_attempt_counts():
    ranking, _ = task("resnet18", "inner", reduction=0.95)
    method = TpPruner()
    method.prepare(ranking)
    assert all(method.scores(g, ranking).isfinite().all() for g in ranking.groups)
    stub = Stub(lambda ratio: 1e9 * (1 - ratio / 2))
    assert search(nn.Identity(), stub, MAGNITUDE, 0.9, 1e8).macs == min(
        map(stub.count, stub.ratios)
    )


def test_no_reduction_removes_nothing():
    ranking, _ = task("resnet18", "inner", reduction=0.0)
    reach = Reach.of(Dependencies(ranking.network), ranking.groups)
    assert search(ranking.network, reach, MAGNITUDE, 0.0, macs(ranking.network)).gone == {}


class Stub:
    """A pruner of which the MACs at each ratio are known."""

    def __init__(self, count) -> None:
        self.count, self.ratios = count, []

    def prune(self, network: nn.Module, ratio: float, importance: object) -> Attempt:
        self.ratios.append(ratio)
        return Attempt(self.count(ratio), {})


@given(st.floats(0.01, 0.99), st.floats(0.3, 3.0))
def test_the_search_ends_on_the_target_where_macs_fall_with_the_ratio(reduction, power):
    target = 1e9 * (1 - reduction)
    stub = Stub(lambda ratio: 1e9 * (1 - ratio) ** power)
    found = search(nn.Identity(), stub, MAGNITUDE, reduction, target)
    if found.macs > 1.02 * target:
        assert 1e9 * pruner.STRIDE**power > target, "only where the last stride falls short"
    else:
        assert found.macs == pytest.approx(target, rel=0.02)
        assert len(stub.ratios) <= pruner.HALVINGS + 17


def test_the_search_takes_the_low_side_of_a_pruner_that_refuses_to_empty_layers():
    # Beyond .7 it leaves the layers it would empty whole, and the MACs are up again.
    stub = Stub(lambda ratio: 100.0 * (1 - ratio) if ratio <= 0.7 else 90.0)
    assert search(nn.Identity(), stub, MAGNITUDE, 0.5, 40.0).macs == pytest.approx(40, rel=0.01)


@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=1))
def test_ranks_go_by_what_is_kept_then_by_importance_then_by_place(channels):
    kept = torch.tensor([keep for keep, _ in channels])
    importance = torch.tensor([float(value) for _, value in channels])
    expected = sorted(range(len(channels)), key=lambda i: (*channels[i], i))
    assert torch.argsort(ranked(kept, importance)).tolist() == expected
