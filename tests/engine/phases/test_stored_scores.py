"""One ranking serves every reduction and allocation of a one-shot method, where that is exact."""

from __future__ import annotations

from itertools import product

import pytest

from reidbench.store import Store
from tests.engine.phases import criteria
from tests.engine.phases.world import method

ASKED: list[str] = criteria.ASKED


@pytest.fixture(autouse=True)
def forget():
    ASKED.clear()


def rankings(world, contender, reductions=(0.25, 0.5, 0.75)):
    """Return how often the groups are scored over three reductions."""
    for reduction in reductions:
        world.run(world.prune(contender, reduction=reduction))
    return len(ASKED) / 2  # groups


def test_three_reductions_are_ranked_once(fresh):
    assert rankings(fresh, method("Counting")) == 1


def test_both_allocations_share_a_ranking(fresh):
    rankings(fresh, method("Counting", allocation="uniform"))
    assert rankings(fresh, method("Counting", allocation="global")) == 1


@pytest.mark.parametrize("strategy", ["iterative", "progressive", "regularised"])
def test_a_strategy_that_ranks_a_network_of_its_own_does_not_share(fresh, strategy):
    shared = rankings(fresh, method("Counting", strategy), (0.5,))
    ASKED.clear()
    assert rankings(fresh, method("Counting", strategy), (0.25,)) == shared


@pytest.mark.parametrize("name", ["AsksWhatFor", "AsksLossAfterCut", "Refits", "Penalises"])
def test_a_method_that_does_more_than_score_does_not_share(fresh, name):
    assert rankings(fresh, method(name), (0.5, 0.75)) == 2


@pytest.mark.parametrize("name", ["ByNorm", "ByDice", "ByMaps"])
def test_sharing_changes_nothing(fresh, tmp_path, name):
    for allocation, reduction in product(("uniform", "global"), (0.75, 0.4)):
        alone = fresh.but(store=Store(tmp_path / f"{allocation}{reduction}"))
        node = fresh.prune(method(name, allocation=allocation), reduction=reduction)
        fresh.run(node)
        alone.run(node)
        assert fresh.files(node) == alone.files(node)


def test_the_cost_of_a_shared_ranking_is_in_the_notes_of_each_phase(fresh):
    first = fresh.run(fresh.prune(method("Counting"), reduction=0.5))["seconds"]
    second = fresh.run(fresh.prune(method("Counting"), reduction=0.75))["seconds"]
    assert second["ranking, shared"] == pytest.approx(first["ranking"], abs=0.002)
    assert "ranking" not in second


def test_another_seed_network_or_option_is_another_ranking(fresh):
    node = fresh.prune(method("Counting"))
    other_seed = fresh.but(seed=1).prune(method("Counting"))
    other_network = fresh.prune(method("Counting"), network=None)
    keys = {one.ranking_key for one in (node, other_seed, other_network, fresh.prune(method()))}
    assert len(keys) == 4
    assert fresh.prune(method("Counting", "iterative")).ranking_key is None


def test_scores_that_cannot_be_used_are_not_kept(fresh):
    node = fresh.prune(method("NotFinite"))
    with pytest.raises(Exception, match="scores must be finite"):
        fresh.run(node)
    assert not fresh.store.has(node.ranking_key)
